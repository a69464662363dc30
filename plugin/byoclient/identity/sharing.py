"""One token source for each identity of a process."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from weakref import WeakValueDictionary

from byoclient.config import Section
from byoclient.errors import CredentialError
from byoclient.identity.base import CredentialConfig
from byoclient.identity.tokens import TokenSource

_sources: WeakValueDictionary[CredentialConfig, TokenSource] = WeakValueDictionary()
_lock = threading.Lock()


def token_source(config: CredentialConfig) -> TokenSource:
    """Return the process's token source for a credential configuration: equal ones share it."""
    with _lock:
        source = _sources.get(config)
        if source is None:
            source = _sources[config] = TokenSource(config)
        return source


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()
    for source in list(_sources.values()):
        source.after_fork()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_after_fork)


@dataclass(frozen=True, slots=True)
class TokenProvider:
    """A token source as the openai SDK takes it, with the options that it stands in, for errors."""

    source: TokenSource
    options: Section | None

    def __call__(self) -> str:
        """Return the current token."""
        try:
            return self.source.token()
        except CredentialError as error:
            raise self.placed(error) from error.__cause__

    async def async_call(self) -> str:
        """Return the current token, without blocking the event loop."""
        try:
            return await self.source.async_token()
        except CredentialError as error:
            raise self.placed(error) from error.__cause__

    def placed(self, error: CredentialError) -> CredentialError:
        """Return an error with the place of the credential."""
        if self.options is None:
            return error
        return self.options.error(error.message, "credential", kind=CredentialError)
