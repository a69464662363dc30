"""The beginning of an answer's body: as long as nothing of it was passed on, another endpoint can give the answer.

Importing this module imports the SDK.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

from byoclient.transport.compat import httpx
from byoclient.transport.failover import FAULTS, Trip


def begin(response: Any, trip: Trip) -> Any:
    """Read the first piece of a good answer's body, all of a JSON one, and return the response with it put back."""
    if not response.is_success:
        return response
    parts = iter(response.stream)
    try:
        first = list(parts) if _is_json(response) else [part for part in [next(parts, None)] if part is not None]
    except BaseException:
        response.close()
        raise
    response.stream = Begun(first, parts, response.stream, trip)
    return response


async def async_begin(response: Any, trip: Trip) -> Any:
    """Its async twin."""
    if not response.is_success:
        return response
    parts = aiter(response.stream)
    try:
        if _is_json(response):
            first = [part async for part in parts]
        else:
            first = [part for part in [await anext(parts, None)] if part is not None]
    except BaseException:
        await response.aclose()
        raise
    response.stream = AsyncBegun(first, parts, response.stream, trip)
    return response


def _is_json(response: Any) -> bool:
    kind: str = response.headers.get("content-type", "")
    return kind.startswith("application/json")


class Begun(httpx.SyncByteStream):  # type: ignore[misc]  # one class for httpx and httpx2
    """A body whose first pieces were read."""

    def __init__(self, first: list[bytes], rest: Iterator[bytes], stream: Any, trip: Trip) -> None:
        self._first, self._rest, self._stream, self._trip = first, rest, stream, trip

    def __iter__(self) -> Iterator[bytes]:
        yield from self._first
        try:
            yield from self._rest
        except FAULTS as error:
            self._trip.broke_off(error)
            raise

    def close(self) -> None:
        """Close it."""
        self._stream.close()


class AsyncBegun(httpx.AsyncByteStream):  # type: ignore[misc]  # as above
    """Its async twin; an iterator, since a forgotten generator would be ended by a task of its own."""

    def __init__(self, first: list[bytes], rest: AsyncIterator[bytes], stream: Any, trip: Trip) -> None:
        self._first, self._rest, self._stream, self._trip = first[::-1], rest, stream, trip

    def __aiter__(self) -> AsyncBegun:
        return self

    async def __anext__(self) -> bytes:
        if self._first:
            return self._first.pop()
        try:
            return await anext(self._rest)
        except FAULTS as error:
            self._trip.broke_off(error)
            raise

    async def aclose(self) -> None:
        """Close it."""
        with suppress(RuntimeError):  # somebody is reading it
            await self._rest.aclose()  # type: ignore[attr-defined]  # httpx's is a generator
        await self._stream.aclose()
