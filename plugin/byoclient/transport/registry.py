"""What the clients of a process share by key; it goes with the last client that holds it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar
from weakref import WeakValueDictionary


class Forkable(Protocol):
    """Something with locks."""

    def after_fork(self) -> None:
        """Take new ones, in the child."""


F = TypeVar("F", bound=Forkable)


class Registry(Generic[F]):
    """One thing for each key.

    Args:
        make: makes a new one.
    """

    def __init__(self, make: Callable[[], F]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._held: WeakValueDictionary[Hashable, F] = WeakValueDictionary()
        if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
            os.register_at_fork(after_in_child=self._after_fork)

    def of(self, key: Hashable) -> F:
        """Return the process's one for a key; equal keys share it."""
        with self._lock:
            found = self._held.get(key)
            if found is None:
                found = self._held[key] = self._make()
            return found

    def clear(self) -> None:
        """Forget them; who holds one keeps it."""
        self._held.clear()

    def _after_fork(self) -> None:
        self._lock = threading.Lock()
        for held in list(self._held.values()):
            held.after_fork()
