"""The async twin of `http2`: a connection that many tasks of one event loop use at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

import anyio

from byoclient.transport.compat import httpcore
from byoclient.transport.http2_messages import has_body
from byoclient.transport.http2_waits import PATIENCE, READ, Carrier, Stream, Wait, response_of
from byoclient.transport.network import AsyncTimedStream

GLANCE = 0.005  # seconds that are waited for what may be there


class AsyncHttp2Connection(Carrier):
    """The async twin of `Http2Connection`."""

    def __init__(self, stream: AsyncTimedStream, more: Callable[[], None]) -> None:
        stream.holds = False
        super().__init__()
        self._stream, self._more = stream, more
        self._writing = anyio.Lock(fast_acquire=True)
        self._reading = self._cut = False
        self._interrupted = False  # a read did not end: asyncio may have taken from the socket what comes next
        self._changed = anyio.Event()

    async def handle_request(self, request: Any, done: Callable[[], Any]) -> Any:
        """Send a request and return httpcore's response.

        Args:
            request: httpcore's.
            done: called and awaited once, when nothing more is read of the answer.

        Raises:
            NotTakenError: the server did not begin with it.
        """
        body = AsyncHttp2Body(self, request.extensions.get("timeout", {}), done)
        try:
            body.number = self._state.begin(request)
            await self._flush(body.patience)
            if has_body(request):
                await self._send(request, body)
            status, headers = await self._wait(body, self._state.head, body.reading())
        except BaseException:
            await body.aclose()
            raise
        return response_of(status, headers, body)

    async def _send(self, request: Any, body: AsyncHttp2Body) -> None:
        async for data in request.stream:
            while data:
                data = data[await self._wait(body, partial(self._state.send, data=data), body.writing()) :]
        self._state.end(body.number)
        await self._flush(body.patience)

    async def _wait(self, body: AsyncHttp2Body, look: Callable[[int], Any], wait: Wait) -> Any:
        """Return what a look at the state finds, as soon as it is not None."""
        while (found := look(body.number)) is None:
            left = wait.left()
            if self._reading:
                with anyio.move_on_after(left):
                    await self._changed.wait()
            else:
                await self._read(left)
        await self._flush(body.patience)
        return found

    async def piece(self, body: AsyncHttp2Body) -> bytes:
        """Return the next piece of a body; b"" at its end."""
        found: bytes = await self._wait(body, self._state.piece, body.reading())
        return found

    async def end_comes(self, body: AsyncHttp2Body, seconds: float) -> bool:
        """Whether an answer ends within some seconds."""
        with suppress(httpcore.ReadTimeout):
            return bool(await self._wait(body, self._state.has_ended, Wait(seconds)))
        return False

    async def _read(self, timeout: float | None) -> None:
        self._reading, most = True, self._state.most_streams
        self._interrupted = True
        try:
            with suppress(httpcore.ReadTimeout):
                self._state.receive(await self._stream.read(READ, timeout))
                self._interrupted = False
        except httpcore.ReadError as error:
            self._state.fail(error)
        finally:
            self._reading = False
            changed, self._changed = self._changed, anyio.Event()
            changed.set()
        if self._state.most_streams != most:
            self._more()
        with suppress(httpcore.WriteError, httpcore.WriteTimeout):  # the state knows it
            await self._flush()

    async def _flush(self, timeout: float | None = PATIENCE) -> None:
        data = self._state.output()
        if not data or self._cut:
            return
        error = await _whole(self._write(data, timeout))
        if error is not None:
            raise error

    async def _write(self, data: bytes, timeout: float | None) -> Exception | None:
        """Write frames; return what went wrong."""
        async with self._writing:  # who comes first has it first
            try:
                await self._stream.write(data, timeout)
            except BaseException as error:
                self._cut = True  # a frame may have gone out by half
                self._state.fail(httpcore.WriteError(str(error)))
                if isinstance(error, Exception):
                    return error
                raise
            finally:
                del data  # keys stand in it, and error trackers show local variables
        return None

    async def leave(self, number: int) -> None:
        """Forget a request."""
        self._state.leave(number)
        with suppress(httpcore.WriteError, httpcore.WriteTimeout):
            await self._flush()

    async def is_good(self) -> bool:
        """Whether it takes requests; what the server said meanwhile is heard."""
        if not self._reading and (self._interrupted or self._stream.get_extra_info("is_readable")):
            await self._read(GLANCE)
        return bool(self.most_streams)

    async def aclose(self) -> None:
        """Close; nobody uses it any more."""
        self._state.close()
        try:
            with suppress(httpcore.WriteError, httpcore.WriteTimeout):  # it is only a goodbye
                await self._flush()
        finally:
            with anyio.CancelScope(shield=True):
                await self._stream.aclose()


class AsyncHttp2Body(Stream):
    """The async twin of `Http2Body`; an iterator, since a forgotten generator would be ended by a task of its own."""

    def __init__(self, connection: AsyncHttp2Connection, timeouts: Any, done: Callable[[], Any]) -> None:
        super().__init__(timeouts)
        self._connection = connection
        self._done = [done]

    def __aiter__(self) -> AsyncHttp2Body:
        return self

    async def __anext__(self) -> bytes:
        if not self._done:
            raise StopAsyncIteration
        try:
            piece = await self._connection.piece(self)
        except BaseException:
            await self.aclose()
            raise
        if not piece:
            await self.aclose()
            raise StopAsyncIteration
        return piece

    async def end_comes(self, seconds: float) -> bool:
        """Whether the answer that is being read ends within some seconds; what arrives is kept."""
        return await self._connection.end_comes(self, seconds)

    async def aclose(self) -> None:
        """Close it; a second call does nothing."""
        if self._done:
            done = self._done.pop()
            try:
                if self.number:
                    await self._connection.leave(self.number)
            finally:
                await done()


async def _whole(work: Coroutine[Any, Any, Exception | None]) -> Exception | None:
    """Wait for something that goes on to its end also where who waits for it is cancelled."""
    if _on_asyncio():
        return await asyncio.shield(asyncio.ensure_future(work))
    with anyio.CancelScope(shield=True):  # asyncio's own cancel() goes through this one
        error = await work
    return error  # noqa: RET504  (for mypy a scope may swallow what is raised in it)


def _on_asyncio() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
