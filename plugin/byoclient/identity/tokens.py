"""The current bearer token of an identity, for sync and async callers."""

from __future__ import annotations

import re
import threading
import time
import weakref
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from byoclient.config import Section
from byoclient.config.secrets import redact, secret_values
from byoclient.errors import CredentialError
from byoclient.identity.base import CredentialConfig
from byoclient.startup import without_collections

if TYPE_CHECKING:
    from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo

REFRESH_BEFORE = 300.0  # seconds before its end at which a token is renewed; azure-identity does the same
SERVE_UNTIL = 30.0  # seconds before its end until which a token is served while it cannot be renewed


class TokenSource:
    """Gives the current token of one credential configuration.

    It holds a *sync* azure-identity credential for async callers too: an aio credential dies with its event
    loop, and a sync one runs in a worker thread without blocking theirs.
    """

    def __init__(self, config: CredentialConfig) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._credential: SupportsTokenInfo | None = None
        self._token: AccessTokenInfo | None = None

    def token(self) -> str:
        """Return the current bearer token; a new one where it is about to end.

        Raises:
            CredentialError: there is none, and the credential gives none.
        """
        return self._fresh() or self._renewed()

    async def async_token(self) -> str:
        """Return the same as `token()`, without blocking the event loop."""
        token = self._fresh()
        if token is not None:
            return token
        import anyio.to_thread

        return await anyio.to_thread.run_sync(self.token)

    def _fresh(self) -> str | None:
        token = self._token
        if token is None or time.time() > (token.refresh_on or token.expires_on - REFRESH_BEFORE):
            return None
        return str(token.token)

    def _renewed(self) -> str:
        with self._lock:
            token = self._fresh()  # another thread may have renewed it meanwhile
            if token is None:
                self._token = self._request()
                token = str(self._token.token)
            return token

    def _request(self) -> AccessTokenInfo:
        with without_collections():
            from azure.core.exceptions import AzureError

        try:
            return self._built().get_token_info(self._config.token_scope)
        except (AzureError, ImportError, OSError, ValueError) as error:
            if self._token is not None and time.time() < self._token.expires_on - SERVE_UNTIL:
                return self._token
            raise CredentialError(_failure(self._config, error)) from error

    def _built(self) -> SupportsTokenInfo:
        if self._credential is None:
            with without_collections():
                self._credential = self._config.build()
            weakref.finalize(self, _close, self._credential)
        return self._credential


def _close(credential: Any) -> None:
    # All of azure-identity's credentials have close(); the protocol of azure-core does not promise it.
    with suppress(Exception):
        credential.close()


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
            raise self._placed(error) from error.__cause__

    async def async_call(self) -> str:
        """Return the current token, without blocking the event loop."""
        try:
            return await self.source.async_token()
        except CredentialError as error:
            raise self._placed(error) from error.__cause__

    def _placed(self, error: CredentialError) -> CredentialError:
        if self.options is None:
            return error
        return self.options.error(error.message, "credential", kind=CredentialError)


_sources: WeakValueDictionary[CredentialConfig, TokenSource] = WeakValueDictionary()
_sources_lock = threading.Lock()


def token_source(config: CredentialConfig) -> TokenSource:
    """Return the process's token source for a credential configuration: equal ones share it."""
    with _sources_lock:
        source = _sources.get(config)
        if source is None:
            source = _sources[config] = TokenSource(config)
        return source


def _failure(config: CredentialConfig, error: Exception) -> str:
    text = redact(str(error).strip(), secret_values(config))
    attempts = re.findall(r"^\s+(\w+Credential): ([^.\n]*)", text, re.M)
    if attempts:
        said = "; ".join(f"{name}: {reason}" for name, reason in attempts)
    else:
        said = text.splitlines()[0][:300].rstrip(".") if text else type(error).__name__
    return f"credential kind '{config.kind}' gave no token. It said: {said}. {config.help()}"
