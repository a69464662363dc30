"""Connection pools in which a request costs the same however many connections are open.

httpcore's own (1.0, and httpcore2 2.16) walks over all connections for each request, and probes the idle ones, so
that its rate collapses at some hundred at once; and its lock can be met again by the garbage collector that closes
a forgotten stream. The connections themselves are httpcore's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from byoclient.transport.compat import httpcore
from byoclient.transport.network import Network, connection_of
from byoclient.transport.options import PoolOptions

Origin = tuple[bytes, bytes, int]


def origin_of(request: Any) -> Origin:
    """Return which server a request of httpcore goes to."""
    origin = request.url.origin
    return origin.scheme, origin.host, origin.port


def places(count: int) -> SimpleQueue[None]:
    """Return so many places; its put() may be called again within itself."""
    made: SimpleQueue[None] = SimpleQueue()
    for _ in range(count):
        made.put(None)
    return made


class Idle:
    """Connections without a request, by origin; the last one that was put in comes out first.

    Args:
        most: how many there may be.
    """

    def __init__(self, most: int) -> None:
        self._of: dict[Origin, deque[Any]] = {}
        self._places = places(most)

    def __len__(self) -> int:
        return sum(map(len, tuple(self._of.values())))

    def put(self, origin: Origin, connection: Any) -> bool:
        """Put a connection in, where there is room; return whether there was."""
        try:
            self._places.get_nowait()  # of two threads at once only one gets the last
        except Empty:
            return False
        self._of.setdefault(origin, deque()).append(connection)
        return True

    def _taken(self, connection: Any) -> Any:
        self._places.put(None)
        return connection

    def take(self, origin: Origin) -> Any:
        """Take the newest one of an origin out; None where there is none."""
        with suppress(IndexError, KeyError):
            return self._taken(self._of[origin].pop())
        return None

    def take_oldest(self) -> Any:
        """Take an old one of any origin out; None where there is none."""
        for connections in tuple(self._of.values()):
            with suppress(IndexError):
                return self._taken(connections.popleft())
        return None

    def take_expired(self, origin: Origin) -> Any:
        """Take the oldest one of an origin out where its time is over or the server closed it; else None.

        One that is good stays in all the time: who finds none meanwhile would open one too many.
        """
        with suppress(IndexError, KeyError, ValueError):
            oldest = self._of[origin][0]
            if oldest.has_expired():
                self._of[origin].remove(oldest)  # a ValueError where somebody else has just taken it
                return self._taken(oldest)
        return None


class Pool:
    """Connections of the sync side, for all threads.

    Nothing in it takes a lock: a response may be closed by the garbage collector, at any place in any thread.

    Args:
        options: proxy, certificates and limits.
    """

    def __init__(self, options: PoolOptions) -> None:
        self._network = Network()
        self._connections = options.make(httpcore.ConnectionPool, httpcore.HTTPProxy, self._network)
        self._free = places(options.max_connections)
        self._idle = Idle(options.max_keepalive_connections)
        self.reading: set[Any] = set()  # held: of an answer that is let go, the collector would take the socket first
        self._closed = False

    def handle_request(self, request: Any) -> Any:
        """Send a request over an idle connection or a new one, and return httpcore's response."""
        connection, origin = None, origin_of(request)
        try:
            self._free.get(timeout=request.extensions.get("timeout", {}).get("pool"))
        except Empty:
            raise httpcore.PoolTimeout("all connections are in use") from None
        try:
            connection = self._reusable(origin) or self._new(request)
            response = connection.handle_request(request)
        except BaseException:
            self.give_back(origin, connection)
            raise
        body = Body(response, self, origin, connection)
        return httpcore.Response(
            response.status, headers=response.headers, content=body, extensions=response.extensions
        )

    def _reusable(self, origin: Origin) -> Any:
        while (connection := self._idle.take(origin)) is not None:
            if not connection.has_expired():
                return connection
            connection.close()
        return None

    def _new(self, request: Any) -> Any:
        while len(self._idle) > self._free.qsize() and (oldest := self._idle.take_oldest()) is not None:
            oldest.close()  # idle ones count: together they are no more than max_connections
        return self._connections.create_connection(request.url.origin)

    def give_back(self, origin: Origin, connection: Any) -> None:
        """Take back a connection whose request has ended, well or badly; None where none was made."""
        try:
            if connection is not None:
                self._keep_or_close(origin, connection)
        finally:
            self._free.put(None)

    def _keep_or_close(self, origin: Origin, connection: Any) -> None:
        if self._closed or not connection.is_available():
            connection.close()
            return
        expired = self._idle.take_expired(origin)
        if not self._idle.put(origin, connection):
            connection.close()
        if expired is not None:
            expired.close()
        if self._closed:  # meanwhile, by another thread
            self.close()

    def close(self) -> None:
        """Close the idle connections now, the others when their requests have ended."""
        self._closed = True
        while (connection := self._idle.take_oldest()) is not None:
            connection.close()

    def drop(self) -> None:
        """Let go of all connections without a word to the other end."""
        self._closed = True
        self._network.drop()


class Body:
    """The body of a response; when it is closed its connection goes back."""

    def __init__(self, response: Any, pool: Pool, origin: Origin, connection: Any) -> None:
        self._stream = response.stream
        self._timed = connection_of(response)
        self._given: list[tuple[Origin, Any]] = [(origin, connection)]
        self._pool = pool
        pool.reading.add(self._timed)

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        finally:
            self.close()

    def close(self) -> None:
        """Close it; a second call does nothing."""
        if not self._given:
            return
        try:
            self._stream.close()
        except BaseException:  # interrupted in it, by Ctrl-C: it may say that it is idle, and not be
            for _, connection in self._given:
                connection.close()
            raise
        finally:
            with suppress(IndexError):
                given = self._given.pop()
                self._pool.reading.discard(self._timed)
                if self._timed is not None:
                    self._timed.deadline = None  # it was this request's
                self._pool.give_back(*given)

    def __del__(self) -> None:
        with suppress(Exception):  # the interpreter may be ending
            self.close()  # nobody read it: a generator that was never begun does not end
