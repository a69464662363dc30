"""The access tokens that this emulator issued: unguessable, in memory, with an audience and an expiry."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Container
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Token:
    """One token; times are seconds since 1970."""

    text: str = field(repr=False)
    audience: str
    issued_on: float
    expires_on: float


class Tokens:
    """A thread-safe store of tokens."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._issued: dict[str, Token] = {}

    def issue(self, resource: str, lifetime: float) -> Token:
        """Return a new token for a resource or scope; it lives `lifetime` seconds."""
        now = self._clock()
        token = Token(secrets.token_urlsafe(48), audience(resource), now, now + lifetime)
        with self._lock:
            self._issued[token.text] = token
        return token

    def accepts(self, text: str, audiences: Container[str]) -> bool:
        """Return whether this is a token of this emulator, still valid, for one of these audiences."""
        with self._lock:
            token = self._issued.get(text)
        return token is not None and token.expires_on > self._clock() and token.audience in audiences


def audience(resource: str) -> str:
    """Return the audience of a resource or scope: `https://ai.azure.com/.default` is `https://ai.azure.com`."""
    return resource.removesuffix("/.default").rstrip("/")
