"""Secrets that stand in a file which others than its owner may read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from byoclient.config.places import places_of_secrets, texts
from byoclient.config.secrets import secret_values
from byoclient.config.section import Loc, Section
from byoclient.errors import ConfigError

# All values of headers and of queries are kept like secrets; these names say that theirs are.
_SECRET_NAME = re.compile(
    r"key|token|secret|passw|pwd|auth|credential|cookie|session|signature|subscription|^(sig|code)$", re.I
)
_URL_WITHOUT_USER = re.compile(r"https?://[^@]*", re.I)


def exposed(model: BaseModel, section: Section) -> Iterator[ConfigError]:
    """Yield an error for each literal secret of a file that others may read.

    Args:
        model: what the section was validated to.
        section: the data, and where they stand.
    """
    if not section.public:
        return
    secrets, placed = kept_secrets(model), places_of_secrets(model, section.data)
    harmless = set(secret_values(model)) - secrets
    for loc, text in texts(section.data):
        is_secret = text in secrets or (loc in placed and text not in harmless)
        if is_secret and not _stands_elsewhere((*section.path, *loc), section):
            yield section.error(
                "is a secret, and others may read this file. "
                f"Type: chmod 600 {section.file}. Or take it out of the file: ${{VAR}} or {{file: …}}.",
                *loc,
            )


def kept_secrets(model: BaseModel) -> set[str]:
    """Return the secrets of a model, without harmless headers and proxies, which are only handled like secrets."""
    return {text for text in _secrets(model) if text and not _URL_WITHOUT_USER.fullmatch(text)}


def _secrets(data: object, name: str | None = None) -> Iterator[str]:
    """Yield the secrets of a model, without those headers and query parameters whose names sound harmless."""
    if isinstance(data, BaseModel):
        for _, item in data:
            yield from _secrets(item)
    elif isinstance(data, Mapping):
        for key, item in data.items():
            yield from _secrets(item, str(key))
    elif isinstance(data, (list, tuple, set, frozenset)):
        for item in data:
            yield from _secrets(item)
    elif name is None or _SECRET_NAME.search(name):
        yield from secret_values(data)


def _stands_elsewhere(loc: Loc, section: Section) -> bool:
    return any(loc[:end] in section.elsewhere for end in range(1, len(loc) + 1))
