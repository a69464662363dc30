"""Faults of the token endpoints: errors, cut connections, silence, slowness; switched on and off while it runs."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from byoclient.errors import EmulatorError

STATUSES = range(400, 600)


def unended() -> Future[None]:
    """Return what waiters for the end of a fault wait for."""
    ended: Future[None] = Future()
    ended.set_running_or_notify_cancel()  # a waiter that is cancelled must not end it for the others
    return ended


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """What is wrong with the token endpoints from now on; by default nothing.

    Attributes:
        status: they answer with this error status.
        retry_after: the `Retry-After` of these errors, in seconds.
        drop: they close the connection without an answer.
        hang: they stay silent.
        slow: seconds that they wait first.
        discovery: Entra's discovery document has the same fault.
        ended: done when something else is wrong, or nothing.
    """

    status: int | None = None
    retry_after: int | None = None
    drop: bool = False
    hang: bool = False
    slow: float = 0.0
    discovery: bool = False
    ended: Future[None] = field(default_factory=unended, repr=False)

    def __post_init__(self) -> None:
        if (self.status is not None) + self.drop + self.hang > 1:
            raise EmulatorError("A token endpoint has one of status, drop and hang. Give one of them.")
        if self.status is not None and self.status not in STATUSES:
            raise EmulatorError(f"status={self.status} is no error. Give one from 400 to 599.")
        if self.retry_after is not None and self.status is None:
            raise EmulatorError("retry_after is a header of an error. Give a status too.")
        if self.slow < 0:
            raise EmulatorError(f"slow={self.slow} is no time. Give seconds.")


class Faults:
    """The fault of the moment; any thread may change it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current = Fault()

    def change(self, fault: Fault) -> None:
        """Put another fault in place of the current one, and let go those whom that one holds."""
        with self._lock:
            before, self._current = self._current, fault
        before.ended.set_result(None)

    @property
    def current(self) -> Fault:
        """What is wrong now."""
        return self._current
