"""What `Clients` and their copies have in common, and how a new version of the file takes its place."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from byoclient.built import Built
from byoclient.config.sources import state_of
from byoclient.errors import ByoclientError
from byoclient.sides import Kind
from byoclient.startup import without_collections
from byoclient.travel import Configuration

MOST_UNPICKLED = 32  # configurations that a worker keeps
YOUNG = 2 * 10**9  # nanoseconds; a file may change again without another time of change

logger = logging.getLogger("byoclient.reload")


class Current:
    """The built clients that count now; `reload()` puts others in their place.

    Those that were handed out before stay open as long as somebody holds them: when the last one lets go, the client
    gives its connections back.
    """

    def __init__(self, built: Built, watch: Watch | None = None) -> None:
        self.built = built
        self._watch = watch
        self._lock = threading.Lock()
        self._reloading = threading.Lock()
        self._holders: WeakSet[object] = WeakSet()
        _all.add(self)

    def renew_locks(self) -> None:
        """Forget who held the locks: in the child of a fork the other threads are gone."""
        self._lock, self._reloading = threading.Lock(), threading.Lock()
        self.built.renew_lock()
        if self._watch is not None:
            self._watch.renew_lock()

    def hold(self, holder: object) -> None:
        """Note who uses the clients; the last one that lets go closes them."""
        with self._lock:
            self._holders.add(holder)

    def let_go(self, holder: object, kind: Kind) -> Any:
        """Return a client to close, where this was the last holder; else None."""
        with self._lock:
            self._holders.discard(holder)
            return None if len(self._holders) else self.built.take(kind)

    def look(self) -> None:
        """Reload where the file is watched and has changed; raises nothing."""
        if self._watch is not None:
            self._watch.look(self._reload_changed)

    def reload(self) -> None:
        """Read the file again, check and build what it says, and only then let it count.

        Raises:
            ConfigError: the file is wrong; what was there stays.
            ProviderError: a client provider fails; as above.
        """
        with self._reloading:
            self._swap(self.built.configuration.read_again())

    def _reload_changed(self) -> bool:
        with self._reloading:
            configuration = self.built.configuration.read_again()
            changed = not configuration.is_as(self.built.configuration)
            if changed:
                self._swap(configuration)
            return changed

    def _swap(self, configuration: Configuration) -> None:
        with without_collections():
            built = Built(configuration)
            built.build_all(like=self.built)
        self.built = built


class Watch:
    """Looks at a file from time to time, when somebody asks for a client; there is no thread.

    Args:
        path: the file; also a link, such as those of a mounted ConfigMap.
        interval: seconds between two looks; 0 for a look each time.
        clock: what tells the time, in seconds.
    """

    def __init__(self, path: str, interval: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._interval = interval
        self._clock = clock
        self._seen = settled(state_of(path))
        self._next = clock() + interval
        self._warned: tuple[object, str] | None = None
        self._lock = threading.Lock()

    def renew_lock(self) -> None:
        """Forget who held the lock."""
        self._lock = threading.Lock()

    def look(self, reload: Callable[[], bool]) -> None:
        """Reload where the file has changed; whoever comes while another one does goes on with what is there.

        Args:
            reload: reads the file; returns whether something has changed.
        """
        if self._clock() < self._next or not self._lock.acquire(blocking=False):
            return
        try:
            self._next = self._clock() + self._interval
            state = state_of(self._path)
            if self._seen is None or state != self._seen:
                self._reload(reload, state)
        finally:
            self._lock.release()

    def _reload(self, reload: Callable[[], bool], state: object) -> None:
        try:
            changed = reload()
        except Exception as error:  # a request must not fail for a file that is not in use
            self._warn(state, str(error) if isinstance(error, ByoclientError) else type(error).__name__)
            return  # and look again: what it lacks, a variable or another file, may come
        self._seen, self._warned = settled(state), None
        if changed:
            logger.info("%s: reloaded", self._path)

    def _warn(self, state: object, reason: str) -> None:
        changed_meanwhile = state != state_of(self._path)  # the next look tells which version was wrong
        if not changed_meanwhile and (state, reason) != self._warned:
            self._warned = (state, reason)
            logger.warning("%s: not reloaded, what was there before stays: %s", self._path, reason)


def settled(state: object) -> object:
    """Return the state of a file; None where the file is so young that its next change may not show in it."""
    return state if isinstance(state, tuple) and time.time_ns() - state[0] > YOUNG else None


_all: WeakSet[Current] = WeakSet()
_unpickled: OrderedDict[str, Current] = OrderedDict()
_lock = threading.Lock()


def unpickled(configuration: Configuration) -> Current:
    """Return what all unpickled `Clients` of a configuration have in common in this process.

    It stays after the last of them is gone: the tasks of a worker unpickle one after another.
    """
    key = configuration.key()
    with _lock:
        found = _unpickled.get(key)
        if found is None or found.built.configuration.key() != key:
            found = _unpickled[key] = Current(Built(configuration, unpickled=True))
        _unpickled.move_to_end(key)
        if len(_unpickled) > MOST_UNPICKLED:
            _unpickled.popitem(last=False)
        return found


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()
    for current in list(_all):
        current.renew_locks()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_after_fork)
