"""Connections as httpcore takes them, which know their deadline and can be let go without a word to the other end."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any
from weakref import WeakSet

import anyio

from byoclient.transport.compat import httpcore
from byoclient.transport.deadlines import Limited

MOST_HELD = 64 * 1024  # bytes
MOST_AHEAD = 64 * 1024  # bytes
LAST_CHUNK = b"\r\n0\r\n\r\n"  # RFC 9112, section 7.1


class Timed(Limited):
    """What the twins have in common.

    What is written is held until somebody reads, so that the head and the body of a request travel together: in one
    packet, one TLS record and one call of the operating system, instead of two or three.

    Attributes:
        holds: whether it does so; not for HTTP/2, where those who write and those who read are not the same.
    """

    def __init__(self, stream: Any, network: Network | AsyncNetwork) -> None:
        self.holds = True
        self._stream = stream
        self._network = network
        self._held = b""
        self._ahead = b""  # was read before anybody asked for it
        self._newest = b""  # of what was read
        self._moved = False
        network.streams.add(self)

    def get_extra_info(self, info: str) -> Any:
        """Return what the connection tells of itself."""
        return self._stream.get_extra_info(info)

    def drop(self) -> None:
        """Close this process's end of the socket and send nothing.

        For a connection that another process uses too (closing it properly would end it there, and over TLS say
        goodbye), and for one whose event loop is closed, which can send nothing any more.
        """
        socket = self.get_extra_info("socket")
        # asyncio and trio wrap the socket and cannot close it without their loop.
        getattr(socket, "_sock", socket).close()

    def _take_ahead(self, max_bytes: int) -> bytes:
        taken, self._ahead = self._ahead[:max_bytes], self._ahead[max_bytes:]
        return taken

    def _add_ahead(self, data: bytes) -> None:
        self._ahead += data
        self._newest = self._newest[-len(LAST_CHUNK) :] + data


def connection_of(response: Any) -> Any:
    """Return what a response, of httpx or httpcore, is read from; None where it is none of ours.

    A `TimedStream`, a stream of an HTTP/2 connection, or the twin of one: `Limited`, and with `end_comes`.
    """
    connection = response.extensions.get("network_stream")
    return connection if isinstance(connection, Limited) else None


class TimedStream(Timed, httpcore.NetworkStream):  # type: ignore[misc]  # one class for httpcore and httpcore2
    """A connection of the sync side."""

    _network: Network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there, or wait for it."""
        if self._held:
            with suppress(httpcore.WriteError):  # a server that hangs up early may have answered, as in httpcore
                self._flush(timeout)
        if self._ahead:
            return self._take_ahead(max_bytes)
        self._newest = self._stream.read(max_bytes, self.left(timeout))
        return self._newest

    def end_comes(self, seconds: float) -> bool:
        """Whether the answer that is being read ends within some seconds; what arrives is kept for `read`."""
        end = time.monotonic() + seconds
        while not self._newest.endswith(LAST_CHUNK):
            try:
                data = self._stream.read(MOST_AHEAD, max(0.001, end - time.monotonic()))
            except (httpcore.ReadTimeout, httpcore.ReadError):
                return False
            if not data:
                return True
            self._add_ahead(data)
        return True

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it, soon."""
        self._held += buffer
        del buffer  # keys stand in it, and error trackers show local variables
        if len(self._held) > MOST_HELD or not self.holds:
            self._flush(timeout)

    def _flush(self, timeout: float | None) -> None:
        held, self._held = self._held, b""
        try:
            self._stream.write(held, timeout)
        finally:
            del held  # as above

    def start_tls(self, *args: Any, **kwargs: Any) -> TimedStream:
        """Go on over TLS."""
        stream = TimedStream(self._stream.start_tls(*args, **kwargs), self._network)
        self._moved = True
        return stream

    def close(self) -> None:
        """Close; what goes on over TLS is closed there."""
        if not self._moved:
            self._stream.close()


class AsyncTimedStream(Timed, httpcore.AsyncNetworkStream):  # type: ignore[misc]  # as above
    """Its async twin."""

    _network: AsyncNetwork

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there, or wait for it."""
        if self._held:
            with suppress(httpcore.WriteError):  # as above
                await self._flush(timeout)
        if self._ahead:
            return self._take_ahead(max_bytes)
        self._newest = await self._stream.read(max_bytes, self.left(timeout))
        return self._newest

    async def end_comes(self, seconds: float) -> bool:
        """Whether the answer that is being read ends within some seconds; what arrives is kept for `read`."""
        end = time.monotonic() + seconds
        while not self._newest.endswith(LAST_CHUNK):
            try:
                data = await self._stream.read(MOST_AHEAD, max(0.001, end - time.monotonic()))
            except (httpcore.ReadTimeout, httpcore.ReadError):
                return False
            if not data:
                return True
            self._add_ahead(data)
        return True

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it, soon."""
        self._held += buffer
        del buffer  # as above
        if len(self._held) > MOST_HELD or not self.holds:
            await self._flush(timeout)

    async def _flush(self, timeout: float | None) -> None:
        held, self._held = self._held, b""
        try:
            await self._stream.write(held, timeout)
        except anyio.EndOfStream as error:  # TLS that the server has ended; httpcore 1.0 lets it through
            raise httpcore.WriteError("the server hung up") from error
        finally:
            del held  # as above

    async def start_tls(self, *args: Any, **kwargs: Any) -> AsyncTimedStream:
        """Go on over TLS."""
        try:
            stream = await self._stream.start_tls(*args, **kwargs)
        except BaseException:  # httpcore closes it where it fails, not where it is cancelled
            with anyio.CancelScope(shield=True):
                await self.aclose()
            raise
        self._moved = True
        return AsyncTimedStream(stream, self._network)

    async def aclose(self) -> None:
        """Close; what goes on over TLS is closed there."""
        if not self._moved:
            await self._stream.aclose()


class Network(httpcore.SyncBackend):  # type: ignore[misc]  # as above
    """Opens the connections of one pool, and knows those that are open.

    Attributes:
        streams: what was opened and is still in use.
    """

    def __init__(self) -> None:
        self.streams: WeakSet[Timed] = WeakSet()
        _networks.add(self)

    def connect_tcp(self, *args: Any, **kwargs: Any) -> TimedStream:
        """Connect."""
        return TimedStream(super().connect_tcp(*args, **kwargs), self)

    def drop(self) -> None:
        """Let go of all connections without a word to the other end."""
        _drop(self.streams)


class AsyncNetwork(httpcore.AnyIOBackend):  # type: ignore[misc]  # as above
    """Its async twin, for asyncio and trio."""

    def __init__(self) -> None:
        self.streams: WeakSet[Timed] = WeakSet()
        _networks.add(self)

    async def connect_tcp(self, *args: Any, **kwargs: Any) -> AsyncTimedStream:
        """Connect."""
        return AsyncTimedStream(await super().connect_tcp(*args, **kwargs), self)

    def drop(self) -> None:
        """Let go of all connections without a word to the other end."""
        _drop(self.streams)


_networks: WeakSet[Network | AsyncNetwork] = WeakSet()


def drop_all() -> None:
    """Let go of all connections of this process, those in use too: in the child of a fork."""
    for network in list(_networks):
        network.drop()


def _drop(streams: WeakSet[Timed]) -> None:
    for stream in list(streams):
        with suppress(Exception):  # whatever is wrong with it: it is gone
            stream.drop()
    streams.clear()
