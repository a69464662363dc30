"""How many requests may be sent a second time: a share of all, so that failover never doubles the load of an outage."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from byoclient.transport.registry import Registry

SHARE = 0.2  # extra requests for each request, as in Finagle
FLOOR = 10.0  # extra requests that are always allowed within FLOOR_TIME
FLOOR_TIME = 10.0  # seconds
MOST = 100.0  # extra requests that can be saved up


class RetryBudget:
    """A bucket that each request fills a little, and each extra one empties by one.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._balance = FLOOR
        self._at = clock()
        self.after_fork()

    def after_fork(self) -> None:
        """Take a new lock."""
        self._lock = threading.Lock()

    def deposit(self) -> None:
        """Note a request."""
        with self._lock:
            self._balance = min(self._balance + SHARE, MOST)

    def withdraw(self) -> bool:
        """Return whether one more may be sent, and count it."""
        with self._lock:
            now = self._clock()
            refilled = self._balance + (now - self._at) * FLOOR / FLOOR_TIME
            self._balance, self._at = max(self._balance, min(refilled, FLOOR)), now
            if self._balance < 1:
                return False
            self._balance -= 1
            return True


budgets = Registry(RetryBudget)
"""The process's budgets, by the endpoints that they are for."""
