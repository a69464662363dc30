"""The clients of one plan, built once, on first use."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from byoclient.plan import Plan
from byoclient.sides import ASYNC_CLIENT, CLIENT, Kind
from byoclient.travel import Configuration, noted_as_unpickled


class Built:
    """A configuration and what was made from it in this process.

    Args:
        configuration: what the file says.
        unpickled: whether it came from another process; it is then checked when it is first used, since an error within
            `pickle.loads()` reaches its reader as a failure of the worker, if at all.
    """

    def __init__(self, configuration: Configuration, *, unpickled: bool = False) -> None:
        self.configuration = configuration
        self.unpickled = unpickled
        self._lock = threading.RLock()
        self._clients: dict[str, Any] = {}
        self._plan: Plan | None = None if unpickled else configuration.plan()

    def renew_lock(self) -> None:
        """Forget who held the lock."""
        self._lock = threading.RLock()

    @property
    def plan(self) -> Plan:
        """The plan. One that fails is tried again the next time.

        Raises:
            ConfigError: what was unpickled does not fit what is installed and set here.
            ProviderError: a built-in client provider cannot be imported.
        """
        if self._plan is None:
            with self._lock, noted_as_unpickled():
                self._plan = self._plan or self.configuration.plan()
        return self._plan

    @property
    def is_planned(self) -> bool:
        """Whether it was checked in this process."""
        return self._plan is not None

    def found(self, kind: Kind) -> Any:
        """Return a client that is there already, or None."""
        return self._clients.get(kind.key)

    def get(self, kind: Kind, check: Callable[[], None] = lambda: None) -> Any:
        """Return a client; builds it where it is not there yet.

        Args:
            kind: sync or async.
            check: called when nobody else builds or takes one; what it raises is raised.

        Raises:
            ConfigError: the file names no such client provider, or its options are wrong.
            ProviderError: the provider cannot be imported, raises, or returns something else.
        """
        plan = self.plan
        side = {CLIENT: plan.client, ASYNC_CLIENT: plan.async_client}[kind]
        with self._lock:
            check()
            if side is None:
                raise plan.section.error(f"the file names no {kind.key}. Add '{kind.key}: …'.")
            if kind.key not in self._clients:
                with self._noted():
                    self._clients[kind.key] = side.build()
            return self._clients[kind.key]

    def _noted(self) -> AbstractContextManager[None]:
        return noted_as_unpickled() if self.unpickled else nullcontext()

    def take(self, kind: Kind) -> Any:
        """Take a client out, or None."""
        with self._lock:
            return self._clients.pop(kind.key, None)

    def build_all(self, like: Built) -> None:
        """Import and check all that the file names, then build those clients that another one has.

        Raises:
            PlacedError: the first thing that is wrong.
        """
        for error in self.plan.import_errors():
            raise error
        for kind, side in ((CLIENT, self.plan.client), (ASYNC_CLIENT, self.plan.async_client)):
            if side is not None and like.found(kind) is not None:
                self.get(kind)
