"""Which HTTP/2 connections a pool has, and which servers speak it; without waiting, for both twins of the pool."""

from __future__ import annotations

import time
from typing import Any

from byoclient.transport.options import KEEPALIVE_EXPIRY, PoolOptions
from byoclient.transport.pools import Origin


class NegotiatedError(Exception):
    """A server chose HTTP/2 on a new connection.

    Attributes:
        stream: the connection, on which nothing was sent yet.
    """

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self.stream = stream


class Known:
    """The connections of one pool.

    Args:
        options: its limits.
    """

    def __init__(self, options: PoolOptions) -> None:
        self._most, self._most_idle = options.max_connections, options.max_keepalive_connections
        # httpcore tells so in its trace: https://www.encode.io/httpcore/extensions/#trace
        self._told_as = f"{'connection' if options.proxy is None else 'proxy'}.start_tls.complete"
        self._of: dict[Origin, list[Any]] = {}
        self._dialing: set[Origin] = set()
        self._http1: set[Origin] = set()
        self.closed = False

    def of(self, origin: Origin) -> list[Any]:
        """Return the connections to a server."""
        return list(self._of.get(origin, ()))

    def dial(self, origin: Origin) -> bool:
        """Whether a request opens a connection now; from now on the others wait until its protocol is known."""
        if origin in self._http1:
            return True
        if self.is_undecided(origin) or self._is_full():
            return False
        self._dialing.add(origin)
        return True

    def is_undecided(self, origin: Origin) -> bool:
        """Whether it is not known yet how many requests a connection to a server takes."""
        return origin in self._dialing or not all(one.is_settled for one in self.of(origin))

    def _is_full(self) -> bool:
        return len(self._dialing) + sum(map(len, self._of.values())) >= self._most

    def dialed(self, origin: Origin, connection: Any = None) -> None:
        """Note the end of that, and the connection where one came of it, with its first request."""
        self._dialing.discard(origin)
        if connection is not None:
            self._http1.discard(origin)
            connection.load = 1
            self._of.setdefault(origin, []).append(connection)

    def hear(self, origin: Origin, name: str, info: Any) -> bool:
        """Look at what httpcore tells of a new connection; return whether it was that the server speaks HTTP/1.1.

        Raises:
            NegotiatedError: it speaks HTTP/2.
        """
        if name != self._told_as:
            return False
        stream = info["return_value"]
        if stream.get_extra_info("ssl_object").selected_alpn_protocol() == "h2":
            raise NegotiatedError(stream)
        self._http1.add(origin)
        self._dialing.discard(origin)
        return True

    def is_expired(self, connection: Any) -> bool:
        """Whether nobody has used a connection for too long."""
        return not connection.load and time.monotonic() - connection.idle_since > KEEPALIVE_EXPIRY

    def give_back(self, connection: Any) -> bool:
        """Note that a request has left a connection; return whether it is to be closed."""
        connection.load -= 1
        if connection.load:
            return False
        connection.idle_since = time.monotonic()
        if self.closed or not connection.most_streams or len(self._idle()) > self._most_idle:
            self.forget(connection)
            return True
        return False

    def forget(self, connection: Any) -> None:
        """Take a connection out."""
        for connections in self._of.values():
            if connection in connections:
                connections.remove(connection)

    def take_surplus(self) -> Any:
        """Take out a connection without a request, where another one could not be opened beside it; else None."""
        return self.take_idle() if self._is_full() else None

    def take_idle(self) -> Any:
        """Take out a connection without a request; None where there is none."""
        for connection in self._idle():
            self.forget(connection)
            return connection
        return None

    def _idle(self) -> list[Any]:
        return [one for connections in self._of.values() for one in connections if not one.load]
