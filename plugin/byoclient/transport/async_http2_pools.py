"""The async twin of `http2_pools`: connections of one event loop."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from typing import Any

import anyio

from byoclient.transport.async_http2 import AsyncHttp2Connection
from byoclient.transport.async_pools import AsyncPool
from byoclient.transport.compat import httpcore
from byoclient.transport.http2_known import Known, NegotiatedError
from byoclient.transport.http2_messages import NOT_TAKEN, TRIES, NotTakenError
from byoclient.transport.options import PoolOptions
from byoclient.transport.pools import Origin, origin_of


class AsyncHttp2Pool:
    """The async twin of `Http2Pool`, for one event loop."""

    def __init__(self, options: PoolOptions) -> None:
        self._http1 = AsyncPool(options)
        self._known = Known(options)
        self._changed = anyio.Event()

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request, and return httpcore's response."""
        origin = origin_of(request)
        if origin[0] != b"https":
            return await self._http1.handle_async_request(request)
        for _ in range(TRIES):
            with suppress(NotTakenError):
                return await self._sent(origin, request)
        raise httpcore.RemoteProtocolError(NOT_TAKEN)

    async def _sent(self, origin: Origin, request: Any) -> Any:
        connection = await self._reserved(origin, request.extensions.get("timeout", {}).get("pool"))
        if connection is None:
            connection, response = await self._connect(origin, request)
            if connection is None:
                return response
        return await connection.handle_request(request, partial(self._give_back, connection))

    async def _reserved(self, origin: Origin, timeout: float | None) -> AsyncHttp2Connection | None:
        """Return a connection with a place for one more request; None for who has to open one."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            undecided = self._known.is_undecided(origin)  # before: it may be decided while others are looked at
            found = await self._found(origin)
            if found is not None or (not undecided and self._known.dial(origin)):
                return found
            idle = self._known.take_surplus()
            if idle is not None:
                await idle.aclose()
                continue
            try:
                with anyio.fail_after(None if end is None else end - time.monotonic()):
                    await self._changed.wait()
            except TimeoutError:
                raise httpcore.PoolTimeout("all connections are in use") from None

    async def _found(self, origin: Origin) -> AsyncHttp2Connection | None:
        for connection in self._known.of(origin):
            if self._known.is_expired(connection) or not await connection.is_good():
                if not connection.load:
                    self._known.forget(connection)
                    await connection.aclose()
            elif connection.load < connection.most_streams:
                connection.load += 1
                return connection  # type: ignore[no-any-return]
        return None

    async def _connect(self, origin: Origin, request: Any) -> tuple[AsyncHttp2Connection | None, Any]:
        """Return a new connection, or the response of a server that speaks HTTP/1.1."""
        before = request.extensions

        async def hear(name: str, info: Any) -> None:
            if self._known.hear(origin, name, info):
                self._tell()

        request.extensions = {**before, "trace": hear}
        connection, response = None, None
        try:
            response = await self._http1.handle_async_request(request)
        except NegotiatedError as negotiated:
            connection = AsyncHttp2Connection(negotiated.stream, self._tell)
        finally:
            request.extensions = before
            self._known.dialed(origin, connection)
            self._tell()
        return connection, response

    def _tell(self) -> None:
        changed, self._changed = self._changed, anyio.Event()
        changed.set()

    async def _give_back(self, connection: AsyncHttp2Connection) -> None:
        closes = self._known.give_back(connection)
        self._tell()
        if closes:
            await connection.aclose()

    async def aclose(self) -> None:
        """Close the idle connections now, the others when their requests have ended."""
        self._known.closed = True
        while (connection := self._known.take_idle()) is not None:
            await connection.aclose()
        await self._http1.aclose()

    def drop(self) -> None:
        """Let go of all connections without a word to the other end."""
        self._known.closed = True
        self._http1.drop()
