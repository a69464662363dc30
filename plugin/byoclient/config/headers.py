"""Headers and query parameters in options; their values are kept like secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from byoclient.config.secret_fields import sourced
from byoclient.config.sources import SecretSource

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_RESERVED = {
    "authorization": "Give api_key or credential instead",
    "api-key": "Give api_key or credential instead",
    "host": "The host is that of the endpoint",
    "content-length": "It is set for each request",
    "transfer-encoding": "It is set for each request",
    "connection": "It is set for each request",
}


def _header_name(name: str) -> str:
    if not _HEADER.fullmatch(name):
        raise ValueError("is no header name")
    if name.lower() in _RESERVED:
        raise ValueError(f"may not be set here. {_RESERVED[name.lower()]}")
    return name


def _header_fault(text: str) -> str | None:
    if not text.isascii() or not text.isprintable() or text != text.strip():
        return "holds a line break, a space at an end, or a character that no header may hold"
    return None


def _query_name(name: str) -> str:
    if name.lower() == "api-version":
        raise ValueError("may not be set here. Give api_version instead")
    return name


AnySecret = SecretStr | SecretSource
Headers = Mapping[Annotated[str, AfterValidator(_header_name)], Annotated[AnySecret, sourced(_header_fault)]]
Query = Mapping[Annotated[str, AfterValidator(_query_name)], Annotated[AnySecret, sourced(lambda text: None)]]


def revealed(secrets: Mapping[str, AnySecret]) -> dict[str, str]:
    """Return names and values as they are sent; files and keyrings are read now.

    Raises:
        ConfigError: one cannot be read, or holds no such value.
    """
    return {name: value.get_secret_value() for name, value in secrets.items()}
