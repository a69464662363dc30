"""A breaker for each endpoint: after failures it is left alone for a while, then tried with one request at a time.

Clients of the same endpoint share its breaker, sync and async ones, also across `load()` calls.
"""

from __future__ import annotations

import random
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass

from byoclient.transport.endpoint_state import State
from byoclient.transport.registry import Registry

FAILURES = 3  # in a row
PAUSE = 1.0  # seconds; doubles with each opening in a row
LONGEST_PAUSE = 60.0  # seconds
LONGEST_RETRY_AFTER = 3600.0  # seconds; a server may name any time, also by mistake


@dataclass(slots=True, eq=False, weakref_slot=True)
class Permit:
    """One request that an endpoint gets; it ends with one of the breaker's `succeed`, `fail` and `release`.

    Or it is forgotten, as where Ctrl-C hits between two lines: the breaker holds it weakly, so that it can try again.

    Attributes:
        proves: whether its success closes an open breaker: that of a probe does, not that of an older request.
    """

    proves: bool


class Breaker:
    """Decides whether an endpoint gets a request. Safe to share between threads; never waits.

    Args:
        clock: seconds that only grow.
        draw: from 0 to 1, so that not all processes come back at the same moment.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] | None = None,
    ) -> None:
        self._clock = clock
        self._draw = draw or random.SystemRandom().random  # has no state that a fork would copy
        self._in_a_row = 0
        self._openings = 0
        self._until: float | None = None  # None where it is closed
        self.requests = 0
        self.failures = 0
        self.after_fork()

    def after_fork(self) -> None:
        """Take a new lock, and forget the probe: it runs in the parent."""
        self._lock = threading.RLock()  # the garbage collector may end a forgotten request while one is noted
        self._probe: Callable[[], Permit | None] = lambda: None

    def take(self) -> Permit | None:
        """Return a permit; None where the endpoint is to be left alone, or another request is trying it."""
        with self._lock:
            if self._until is None:
                return self._permit(proves=False)
            if self._probe() is not None or self._clock() < self._until:
                return None
            permit = self._permit(proves=True)
            self._probe = weakref.ref(permit)
            return permit

    def force(self) -> Permit:
        """Return a permit whatever the state, for a request that has no other endpoint."""
        with self._lock:
            return self._permit(proves=True)

    def _permit(self, *, proves: bool) -> Permit:
        self.requests += 1
        return Permit(proves)

    def succeed(self, permit: Permit) -> bool:
        """Note that the endpoint works; return whether that closed the breaker."""
        with self._lock:
            self._end(permit)
            if self._until is None:
                self._in_a_row = 0
                return False
            if not permit.proves:  # sent before the failures that opened it
                return False
            self._in_a_row, self._openings, self._until, self._probe = 0, 0, None, lambda: None
            return True

    def fail(self, permit: Permit, retry_after: float | None = None) -> float | None:
        """Note a failure; return the seconds from now that the endpoint is left alone, where that is news.

        Args:
            permit: whose.
            retry_after: seconds that the endpoint asked for; they make a pause longer, never shorter.
        """
        with self._lock:
            probed = self._end(permit)
            self.failures += 1
            asked = min(retry_after or 0.0, LONGEST_RETRY_AFTER) * (1 + self._draw() / 10)
            if self._until is None:
                self._in_a_row += 1
                return self._open(asked) if asked or self._in_a_row >= FAILURES else None
            return self._open(asked) if probed else self._lengthen(asked)

    def release(self, permit: Permit) -> None:
        """Note that nothing is known: the request was cancelled, or failed for reasons of its own."""
        with self._lock:
            self._end(permit)

    def _end(self, permit: Permit) -> bool:
        probed = self._probe() is permit
        if probed:
            self._probe = lambda: None
        return probed

    def _open(self, asked: float) -> float:
        pause = min(PAUSE * 2**self._openings, LONGEST_PAUSE) * (1 + self._draw()) / 2
        self._openings = min(self._openings + 1, 32)
        self._until = max(self._until or 0.0, self._clock() + max(pause, asked))
        return self._until - self._clock()

    def _lengthen(self, asked: float) -> float | None:
        until = self._clock() + asked
        if not asked or self._until is None or until <= self._until:
            return None
        self._until = until
        return asked

    @property
    def left(self) -> float:
        """Seconds until the endpoint may be tried; below 0 where it may be now, minus infinity where it is closed."""
        until = self._until
        return float("-inf") if until is None else until - self._clock()

    @property
    def state(self) -> State:
        """Closed: gets requests. Open: gets none. Half-open: gets one, which decides."""
        left = self.left
        if left == float("-inf"):
            return "closed"
        return "open" if left > 0 else "half-open"


breakers = Registry(Breaker)
"""The process's breakers, by what tells their endpoints apart."""
