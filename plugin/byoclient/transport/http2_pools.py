"""A pool whose connections carry many requests at once, where the server speaks HTTP/2; else as the other."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from functools import partial
from typing import Any

from byoclient.transport.compat import httpcore
from byoclient.transport.http2 import Http2Connection
from byoclient.transport.http2_known import Known, NegotiatedError
from byoclient.transport.http2_messages import NOT_TAKEN, TRIES, NotTakenError
from byoclient.transport.options import PoolOptions
from byoclient.transport.pools import Origin, Pool, origin_of


class Http2Pool:
    """Connections of the sync side, for all threads.

    Args:
        options: proxy, certificates and limits.
    """

    def __init__(self, options: PoolOptions) -> None:
        self._http1 = Pool(options)  # it connects, too
        self._known = Known(options)
        self._dropped = False
        self._changed = threading.Condition()  # its lock can be met again by the garbage collector

    def handle_request(self, request: Any) -> Any:
        """Send a request, and return httpcore's response."""
        origin = origin_of(request)
        if origin[0] != b"https":
            return self._http1.handle_request(request)
        for _ in range(TRIES):
            with suppress(NotTakenError):
                return self._sent(origin, request)
        raise httpcore.RemoteProtocolError(NOT_TAKEN)

    def _sent(self, origin: Origin, request: Any) -> Any:
        connection = self._reserved(origin, request.extensions.get("timeout", {}).get("pool"))
        if connection is None:
            connection, response = self._connect(origin, request)
            if connection is None:
                return response
        return connection.handle_request(request, partial(self._give_back, connection))

    def _reserved(self, origin: Origin, timeout: float | None) -> Http2Connection | None:
        """Return a connection with a place for one more request; None for who has to open one."""
        end = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while True:
                undecided = self._known.is_undecided(origin)  # before: it may be decided while others are looked at
                found = self._found(origin)
                if found is not None or (not undecided and self._known.dial(origin)):
                    return found
                idle = self._known.take_surplus()
                if idle is not None:
                    idle.close()
                elif not self._changed.wait(None if end is None else end - time.monotonic()):
                    raise httpcore.PoolTimeout("all connections are in use")

    def _found(self, origin: Origin) -> Http2Connection | None:
        for connection in self._known.of(origin):
            if self._known.is_expired(connection) or not connection.is_good():
                if not connection.load:
                    self._known.forget(connection)
                    connection.close()
            elif connection.load < connection.most_streams:
                connection.load += 1
                return connection  # type: ignore[no-any-return]
        return None

    def _connect(self, origin: Origin, request: Any) -> tuple[Http2Connection | None, Any]:
        """Return a new connection, or the response of a server that speaks HTTP/1.1."""
        before = request.extensions
        request.extensions = {**before, "trace": partial(self._hear, origin)}
        connection, response = None, None
        try:
            response = self._http1.handle_request(request)
        except NegotiatedError as negotiated:
            connection = Http2Connection(negotiated.stream, self._tell)
        finally:
            request.extensions = before
            with self._changed:
                self._known.dialed(origin, connection)
                self._changed.notify_all()
        return connection, response

    def _hear(self, origin: Origin, name: str, info: Any) -> None:
        with self._changed:
            if self._known.hear(origin, name, info):
                self._changed.notify_all()

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _give_back(self, connection: Http2Connection) -> None:
        if self._dropped:
            return  # after a fork; who held the lock in the parent does not exist here
        with self._changed:
            closes = self._known.give_back(connection)
            self._changed.notify_all()
        if closes:
            connection.close()

    def close(self) -> None:
        """Close the idle connections now, the others when their requests have ended."""
        with self._changed:
            self._known.closed = True
            while (connection := self._known.take_idle()) is not None:
                connection.close()
        self._http1.close()

    def drop(self) -> None:
        """Let go of all connections without a word to the other end."""
        self._dropped = self._known.closed = True
        self._http1.drop()
