"""Requests and answers as HTTP/2 has them. Importing this module imports h2."""

from __future__ import annotations

from collections import deque
from typing import Any

import h2.events
from h2.errors import ErrorCodes

from byoclient.transport.compat import httpcore

TRIES = 5  # of a request that servers do not begin with
NOT_TAKEN = "the server takes no requests on this connection, nor on a new one"
FOR_THE_CONNECTION = {b"connection", b"host", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"}

Headers = list[tuple[bytes, bytes]]
Head = tuple[int, Headers]


class NotTakenError(Exception):
    """The server did not begin with a request; another connection may carry it."""


class Incoming:
    """An answer on its way.

    Attributes:
        head: status and headers, once they are here.
        pieces: the pieces of the body that were not read yet, each with what it takes of the window.
        error: what ended it too early.
        ended: whether no more comes.
    """

    def __init__(self) -> None:
        self.head: Head | None = None
        self.pieces: deque[tuple[bytes, int]] = deque()
        self.error: Exception | None = None
        self.ended = False

    def fail(self, error: Exception) -> None:
        """Note what ended it, where it has not ended yet."""
        if not self.ended:
            self.error, self.ended = error, True


def has_body(request: Any) -> bool:
    """Whether a request has a body, by its headers."""
    return any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in request.headers)


def headers_of(request: Any) -> Headers:
    """Return a request's headers as HTTP/2 has them."""
    named = [(name.lower(), value) for name, value in request.headers]
    authority = next((value for name, value in named if name == b"host"), request.url.host)
    return [
        (b":method", request.method),
        (b":authority", authority),
        (b":scheme", request.url.scheme),
        (b":path", request.url.target),
        *((name, value) for name, value in named if name not in FOR_THE_CONNECTION),
    ]


def head_of(headers: Any) -> Head:
    """Return status and headers of an answer."""
    status = next(int(value) for name, value in headers if name == b":status")
    return status, [(name, value) for name, value in headers if not name.startswith(b":")]


def error_of(event: h2.events.StreamReset) -> Exception:
    """Return what it means that the server reset a stream."""
    if event.error_code == ErrorCodes.REFUSED_STREAM:
        return NotTakenError()
    error: Exception = httpcore.RemoteProtocolError(f"the server reset the stream: {event.error_code!r}")
    return error
