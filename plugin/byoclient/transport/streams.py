"""Streamed answers: those that were cut off raise, those that are complete give their connection back at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import openai

from byoclient.transport.compat import httpx
from byoclient.transport.deadlines import Limited
from byoclient.transport.endings import Lookout, ending_of
from byoclient.transport.network import connection_of

TAIL = 0.1  # seconds that a complete answer's formal end is waited for; openai (3.57) waits as long


def is_stream(response: Any) -> bool:
    """Whether a response is a stream of events."""
    kind: str = response.headers.get("content-type", "")
    return response.status_code == 200 and kind.startswith("text/event-stream")


class Events(httpx.SyncByteStream):  # type: ignore[misc]  # one class for httpx and httpx2
    """The bytes of a streamed answer."""

    def __init__(self, request: Any, response: Any) -> None:
        self._request = request
        self._stream = response.stream
        self._connection = connection_of(response)
        self._lookout = lookout_of(request, response)

    def __iter__(self) -> Iterator[bytes]:
        parts = iter(self._stream)
        try:
            for part in parts:
                if self._is_last(part):
                    yield part + self._tail(parts)
                    return
                yield part
        except httpx.TransportError as error:
            raise cut_off(self._request, error) from error
        if self._lookout.cut_off():
            raise cut_off(self._request)

    def _is_last(self, part: bytes) -> bool:
        """Whether nothing comes after a part; or all that does is here at once, as after a finish reason."""
        if self._lookout.look(part) and not self._lookout.last and self._connection is not None:
            return bool(self._connection.end_comes(TAIL))
        return self._lookout.last

    def _tail(self, parts: Iterator[bytes]) -> bytes:
        """Read what is left: who stops reading at the last piece would never give the connection back."""
        tail = b""
        wait_at_most(TAIL, self._connection)
        try:
            for part in parts:
                tail += part
        except httpx.TransportError:
            pass  # the answer is complete
        self.close()
        return tail

    def close(self) -> None:
        """Close it; a second call does nothing."""
        self._stream.close()


class AsyncEvents(httpx.AsyncByteStream):  # type: ignore[misc]  # as above
    """Its async twin; an iterator, since a forgotten generator would be ended by a task of its own."""

    def __init__(self, request: Any, response: Any) -> None:
        self._request = request
        self._stream = response.stream
        self._parts = aiter(self._stream)
        self._connection = connection_of(response)
        self._lookout = lookout_of(request, response)
        self._ended = False

    def __aiter__(self) -> AsyncEvents:
        return self

    async def __anext__(self) -> bytes:
        if self._ended:
            raise StopAsyncIteration
        try:
            part: bytes = await anext(self._parts)
        except httpx.TransportError as error:
            raise cut_off(self._request, error) from error
        except StopAsyncIteration:
            self._ended = True
            if self._lookout.cut_off():
                raise cut_off(self._request) from None
            raise
        if await self._is_last(part):
            self._ended = True
            return part + await self._tail()
        return part

    async def _is_last(self, part: bytes) -> bool:
        """Whether nothing comes after a part; or all that does is here at once, as after a finish reason."""
        if self._lookout.look(part) and not self._lookout.last and self._connection is not None:
            return bool(await self._connection.end_comes(TAIL))
        return self._lookout.last

    async def _tail(self) -> bytes:
        tail = b""
        wait_at_most(TAIL, self._connection)
        try:
            async for part in self._parts:
                tail += part
        except httpx.TransportError:
            pass  # the answer is complete
        await self.aclose()
        return tail

    async def aclose(self) -> None:
        """Close it; a second call does nothing."""
        await self._stream.aclose()


def lookout_of(request: Any, response: Any) -> Lookout:
    """Return what sees the end of a streamed answer."""
    return Lookout(ending_of(request.url.path), response.headers.get("content-encoding", "").lower())


def wait_at_most(seconds: float, connection: Limited | None) -> None:
    """Let reads of a connection give up after some time."""
    if connection is not None:
        soon = time.monotonic() + seconds
        connection.deadline = soon if connection.deadline is None else min(soon, connection.deadline)


def cut_off(request: Any, error: Exception | None = None) -> openai.APIConnectionError:
    """Return the SDK's own error for a streamed answer that is not complete."""
    if isinstance(error, httpx.TimeoutException):
        return openai.APITimeoutError(request=request)
    said = f": {error}" if error is not None and str(error) else ""
    return openai.APIConnectionError(message=f"The streamed answer was cut off before its end{said}.", request=request)
