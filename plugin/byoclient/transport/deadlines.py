"""How long a request may take: its phases, its reads, and all of it."""

from __future__ import annotations

import time
from typing import Any

from byoclient.transport.compat import httpcore


class Seconds(float):
    """Seconds that something may take, and the moment at which all has to be over.

    httpcore takes a timeout once for all reads of an answer's head and once for those of its body.

    Attributes:
        end: seconds on the monotonic clock.
    """

    def __new__(cls, seconds: float, end: float) -> Seconds:
        """Make some."""
        made = super().__new__(cls, seconds)
        made.end = end
        return made

    end: float


class Deadline(dict[str, Any]):
    """Timeouts as httpcore asks for them, none longer than what is left of the whole time."""

    def __init__(self, seconds: float, timeouts: dict[str, Any]) -> None:
        super().__init__(timeouts)
        self.end = time.monotonic() + seconds

    def get(self, name: str, default: Any = None) -> Any:
        """Return the seconds that a phase may take from now on; its reads look at the end too."""
        seconds = super().get(name, default)
        left = max(self.end - time.monotonic(), 0.001)
        return Seconds(left if seconds is None else min(seconds, left), self.end)


class Limited:
    """Something whose reads end in time.

    Attributes:
        deadline: seconds on the monotonic clock after which a read gives up, whatever timeout it has; None for no such
            end.
    """

    deadline: float | None = None

    def left(self, timeout: float | None) -> float | None:
        """Return the seconds that a read may take which has this timeout.

        Raises:
            httpcore.ReadTimeout: none are left.
        """
        ends = [end for end in (self.deadline, getattr(timeout, "end", None)) if end is not None]
        if not ends:
            return timeout
        left = min(ends) - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the request's time is over")
        return left if timeout is None else min(timeout, left)
