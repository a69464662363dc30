"""What the twins of HTTP/2 have in common: what their pools know, how long a request waits, what its response is."""

from __future__ import annotations

import time
from typing import Any

from byoclient.transport.compat import httpcore
from byoclient.transport.deadlines import Limited
from byoclient.transport.http2_state import Http2State

READ = 64 * 1024  # bytes
PATIENCE = 5.0  # seconds for frames to go out, at least: one that is cut ends the connection for all


class Carrier:
    """A connection that carries many requests; what its pool has to know.

    Attributes:
        load: how many requests are on it; counted by the pool.
        idle_since: seconds on the monotonic clock; set by the pool.
    """

    def __init__(self) -> None:
        self.load = 0
        self.idle_since = time.monotonic()
        self._state = Http2State()

    @property
    def most_streams(self) -> int:
        """How many requests may be on it; 0 where it takes no more."""
        return self._state.most_streams

    @property
    def is_settled(self) -> bool:
        """Whether the server has said how many."""
        return self._state.settled


class Stream(Limited):
    """A stream of a connection.

    Attributes:
        number: 0 where it has not begun.
        timeouts: seconds of each phase, as httpx names them.
    """

    def __init__(self, timeouts: Any) -> None:
        self.number = 0
        self.timeouts = timeouts

    @property
    def patience(self) -> float | None:
        """Seconds for frames of this stream to go out."""
        timeout = self.timeouts.get("write")
        return None if timeout is None else max(timeout, PATIENCE)

    def reading(self) -> Wait:
        """Return the wait for a part of the answer."""
        return Wait(self.left(self.timeouts.get("read")))

    def writing(self) -> Wait:
        """Return the wait for room for a part of the body."""
        return Wait(self.left(self.timeouts.get("write")), httpcore.WriteTimeout)


class Wait:
    """A wait of one request.

    Args:
        seconds: how long; None for as long as it takes.
        error: of httpcore, where it took longer.
    """

    def __init__(self, seconds: float | None, error: Any = httpcore.ReadTimeout) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds
        self._error = error

    def left(self) -> float | None:
        """Return the seconds that are left; None for any number.

        Raises:
            the error: none are.
        """
        if self._end is None:
            return None
        left = self._end - time.monotonic()
        if left <= 0:
            raise self._error("The operation timed out")
        return left


def response_of(status: int, headers: Any, body: Stream) -> Any:
    """Return httpcore's response."""
    extensions = {"http_version": b"HTTP/2", "network_stream": body, "stream_id": body.number}
    return httpcore.Response(status, headers=headers, content=body, extensions=extensions)
