"""The async twin of `pools`: connections of one event loop."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import anyio

from byoclient.transport.compat import httpcore
from byoclient.transport.loops import running_loop, soon
from byoclient.transport.network import AsyncNetwork, connection_of
from byoclient.transport.options import PoolOptions
from byoclient.transport.pools import Idle, Origin, origin_of


class AsyncPool:
    """The async twin of `Pool`, for one event loop."""

    def __init__(self, options: PoolOptions) -> None:
        self._network = AsyncNetwork()
        self._connections = options.make(httpcore.AsyncConnectionPool, httpcore.AsyncHTTPProxy, self._network)
        self._free = anyio.Semaphore(options.max_connections, fast_acquire=True)
        self._idle = Idle(options.max_keepalive_connections)
        self.reading: set[Any] = set()  # held, as in `Pool`
        self._closed = False
        self.loop = running_loop()

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request over an idle connection or a new one, and return httpcore's response."""
        try:
            self._free.acquire_nowait()
        except anyio.WouldBlock:
            await self._wait(request.extensions.get("timeout", {}).get("pool"))
        connection, origin = None, origin_of(request)
        try:
            connection = await self._reusable(origin) or await self._new(request)
            response = await connection.handle_async_request(request)
        except BaseException:
            await self.give_back(origin, connection)
            raise
        body = AsyncBody(response, self, origin, connection)
        return httpcore.Response(
            response.status, headers=response.headers, content=body, extensions=response.extensions
        )

    async def _wait(self, timeout: float | None) -> None:
        try:
            with anyio.fail_after(timeout):
                await self._free.acquire()
        except TimeoutError:
            raise httpcore.PoolTimeout("all connections are in use") from None

    async def _reusable(self, origin: Origin) -> Any:
        while (connection := self._idle.take(origin)) is not None:
            if not connection.has_expired():
                return connection
            await _close(connection)
        return None

    async def _new(self, request: Any) -> Any:
        while len(self._idle) > self._free.value and (oldest := self._idle.take_oldest()) is not None:
            await _close(oldest)
        return self._connections.create_connection(request.url.origin)

    async def give_back(self, origin: Origin, connection: Any) -> None:
        """Take back a connection whose request has ended, well or badly; None where none was made."""
        try:
            if connection is not None:
                await self._keep_or_close(origin, connection)
        finally:
            self._free.release()

    async def _keep_or_close(self, origin: Origin, connection: Any) -> None:
        if self._closed or not connection.is_available():
            await _close(connection)
            return
        expired = self._idle.take_expired(origin)
        if not self._idle.put(origin, connection):
            await _close(connection)
        if expired is not None:
            await _close(expired)

    async def aclose(self) -> None:
        """Close the idle connections now, the others when their requests have ended."""
        self._closed = True
        while (connection := self._idle.take_oldest()) is not None:
            await _close(connection)

    def drop(self) -> None:
        """Let go of all connections without a word to the other end."""
        self._closed = True
        self._network.drop()


class AsyncBody:
    """The async twin of `Body`; an iterator, since a forgotten generator would be ended by a task of its own."""

    def __init__(self, response: Any, pool: AsyncPool, origin: Origin, connection: Any) -> None:
        self._stream = response.stream
        self._parts = aiter(response.stream)
        self._timed = connection_of(response)
        self._given: list[tuple[Origin, Any]] = [(origin, connection)]
        self._pool = pool
        pool.reading.add(self._timed)

    def __aiter__(self) -> AsyncBody:
        return self

    async def __anext__(self) -> bytes:
        try:
            part: bytes = await anext(self._parts)
        except BaseException:
            await self.aclose()
            raise
        return part

    async def aclose(self) -> None:
        """Close it; a second call does nothing."""
        if not self._given:
            return
        try:
            await self._stream.aclose()
        finally:
            if self._given:
                given = self._given.pop()
                self._pool.reading.discard(self._timed)
                if self._timed is not None:
                    self._timed.deadline = None  # it was this request's
                await self._pool.give_back(*given)

    def __del__(self) -> None:
        with suppress(Exception):  # as in `Body`; the loop may have ended
            if self._given:
                soon(self._pool.loop, self.aclose)


async def _close(connection: Any) -> None:
    with anyio.CancelScope(shield=True):  # a cancelled request must not leave a socket open
        await connection.aclose()
