"""Keeping the values of a query out of the URLs that HTTP libraries log."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from byoclient.config.secrets import forms_of, redact

# Each logs the URL of a request: httpx and httpx2 at INFO, openai at DEBUG (openai 2.54 to 3.57: `_base_client.py`).
LOGGERS = ("httpx", "httpx2", "openai._base_client")


class QueryFilter(logging.Filter):
    """Takes values out of what a logger says."""

    def __init__(self) -> None:
        super().__init__()
        self._values: set[str] = set()

    def hide(self, values: Iterable[str]) -> None:
        """Take these out from now on, also as they stand in a URL."""
        self._values |= forms_of(values)

    def filter(self, record: logging.LogRecord) -> bool:
        """Let each record pass, without the values."""
        said = record.getMessage()
        redacted = redact(said, self._values)
        if redacted != said:
            record.msg, record.args = redacted, None
        return True


_filter = QueryFilter()


def hide_in_logs(values: Iterable[str]) -> None:
    """Keep values out of the logs of the HTTP libraries. Sets up no logging: a filter only takes something away."""
    _filter.hide(values)
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_filter)  # the same one once, however often it is added
