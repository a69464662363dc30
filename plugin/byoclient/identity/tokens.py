"""The current bearer token of an identity: one refresh at a time, in the background, whoever waits for it.

A token is renewed before its end, and served until 30 s before its end whatever the token endpoint does. Only who
finds no valid token waits; a failure reaches all who wait, once, and is followed by a pause that grows.

The credential is azure-identity's *sync* one, in a thread of its own, for async callers too: an aio credential dies
with its event loop, and a sync provider stalls it. azure-identity (1.27) itself would ask once for each caller, on
the path of the request, and raise while the token is still valid.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from byoclient.errors import CredentialError
from byoclient.identity.base import CredentialConfig
from byoclient.identity.failures import explain
from byoclient.identity.schedule import EMPTY, hold, pause
from byoclient.startup import without_collections

if TYPE_CHECKING:
    from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo


ANY_CLAIMS = '{"access_token":{}}'  # asks for nothing in particular


def in_thread(work: Callable[[], None]) -> None:
    """Run something in a daemon thread: a token endpoint that hangs must not keep a process from ending."""
    threading.Thread(target=work, name="byoclient-token", daemon=True).start()


@dataclass(frozen=True, slots=True)
class Outage:
    """What is known of a credential that fails.

    Attributes:
        failures: how often it failed since it last worked.
        until: seconds since 1970 before which it is not asked again.
        error: the last failure.
    """

    failures: int = 0
    until: float = 0.0
    error: CredentialError | None = None


class TokenSource:
    """Gives the current token of one credential configuration, to threads, tasks and event loops.

    Args:
        config: the credential's configuration.
        clock: seconds since 1970.
        start: runs the work of a refresh; in a daemon thread by default.
    """

    def __init__(
        self,
        config: CredentialConfig,
        *,
        clock: Callable[[], float] = time.time,
        start: Callable[[Callable[[], None]], None] = in_thread,
    ) -> None:
        self._config = config
        self._clock = clock
        self._start = start
        self._credential: SupportsTokenInfo | None = None
        self._held = EMPTY
        self._outage = Outage()
        self._claims: str | None = None
        self._recent: deque[str] = deque(maxlen=8)
        self.after_fork()

    def after_fork(self) -> None:
        """Keep the token, and take new locks, threads and connections; for the child of a fork."""
        self._lock = threading.Lock()
        self._pending: Future[str] | None = None
        self._credential = None

    def token(self) -> str:
        """Return the current bearer token.

        Raises:
            CredentialError: there is no valid one, and the credential gives none.
        """
        held = self._held
        if self._clock() < held.fresh_until:
            return held.token
        found = self._valid_or_pending()
        return found if isinstance(found, str) else _outcome(found)

    async def async_token(self) -> str:
        """Return the same as `token()`, without blocking the event loop."""
        held = self._held
        if self._clock() < held.fresh_until:
            return held.token
        found = self._valid_or_pending()
        return found if isinstance(found, str) else await _async_outcome(found)

    def invalidate(self, token: str, claims: str | None = None) -> None:
        """Drop a token that the service refused; another one that is held meanwhile stays.

        Args:
            token: the refused token.
            claims: the claims challenge of the refusal, decoded, where there was one.
        """
        with self._lock:
            if self._held.token != token:
                return
            self._held = EMPTY
            # azure-identity's cache would give the same token again: it is not used where there are claims, and else it
            # goes with the credential, but not where a person would be asked once more.
            self._claims = claims or (ANY_CLAIMS if self._config.asks_a_person else None)
            if not self._config.asks_a_person:
                self._drop_credential()

    def gave(self, token: str) -> bool:
        """Whether a token is one of the last that this source gave."""
        return token in self._recent

    @property
    def expires_on(self) -> float:
        """Seconds since 1970 at which the held token ends; 0 without one."""
        return self._held.expires_on

    def _valid_or_pending(self) -> str | Future[str]:
        with self._lock:
            now, held = self._clock(), self._held
            begun = now >= held.fresh_until and self._pending is None and now >= self._outage.until
            if begun:
                self._pending = Future()
                self._pending.set_running_or_notify_cancel()  # a waiter that is cancelled cancels nobody else
            pending, error = self._pending, self._outage.error
        if begun and pending is not None:
            self._begin(pending)
        if now < held.valid_until:
            return held.token
        if pending is not None:
            return pending
        assert error is not None  # noqa: S101  (without a pause a refresh was begun)
        raise _again(error)

    def _begin(self, pending: Future[str]) -> None:
        try:
            self._start(lambda: self._refresh(pending))
        except RuntimeError as error:  # the interpreter is ending and starts no thread any more
            self._failed(pending, CredentialError(explain(self._config, error)))

    def _refresh(self, pending: Future[str]) -> None:
        try:
            info = self._ask()
        except CredentialError as error:
            self._failed(pending, error)
        except BaseException as error:
            self._failed(pending, CredentialError(explain(self._config, error)))
        else:
            self._renewed(pending, info)

    def _renewed(self, pending: Future[str], info: AccessTokenInfo) -> None:
        with self._lock:
            self._held = hold(info, self._held, self._clock())
            self._recent.append(self._held.token)
            self._outage, self._claims = Outage(), None
            self._end(pending)
        pending.set_result(str(info.token))

    def _failed(self, pending: Future[str], error: CredentialError) -> None:
        with self._lock:
            failures = self._outage.failures + 1
            self._outage = Outage(failures, self._clock() + pause(failures), error)
            self._end(pending)
        pending.set_exception(error)

    def _end(self, pending: Future[str]) -> None:
        if self._pending is pending:
            self._pending = None

    def _ask(self) -> AccessTokenInfo:
        with without_collections():
            from azure.core.exceptions import AzureError

            try:
                self._credential = self._credential or self._config.build()
            except (AzureError, ImportError, OSError, ValueError) as error:
                raise CredentialError(explain(self._config, error)) from error
        claims: Any = {"claims": self._claims} if self._claims else {}
        try:
            info = self._credential.get_token_info(self._config.token_scope, options=claims)
        except (AzureError, ImportError, OSError, ValueError) as error:
            raise CredentialError(explain(self._config, error)) from error
        if info.expires_on <= self._clock():
            raise CredentialError(
                f"credential kind '{self._config.kind}' gave a token that has ended already. Check this host's clock."
            )
        return info

    def _drop_credential(self) -> None:
        credential: Any = self._credential
        self._credential = None
        with suppress(Exception):  # all of azure-identity's have close(); azure-core's protocol does not promise it
            credential.close()

    def __del__(self) -> None:
        self._drop_credential()


def _outcome(pending: Future[str]) -> str:
    try:
        return pending.result()
    except CredentialError as error:
        raise _again(error) from error.__cause__


async def _async_outcome(pending: Future[str]) -> str:
    try:
        asyncio.get_running_loop()
    except RuntimeError:  # another library's loop, such as trio's
        import anyio.to_thread

        return await anyio.to_thread.run_sync(_outcome, pending)
    try:
        return await asyncio.wrap_future(pending)
    except CredentialError as error:
        raise _again(error) from error.__cause__


def _again(error: CredentialError) -> CredentialError:
    """Return an error anew: one that many raise at once would collect the tracebacks of all."""
    return CredentialError(error.message)
