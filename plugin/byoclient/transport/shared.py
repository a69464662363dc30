"""One pool for each set of connection options: of a process, on the async side of each of its event loops.

Clients hold leases on them. The last one that is given back closes the pool; until then closing one client leaves the
others working. After a fork the child begins with none, and an event loop that ends takes its own along.
"""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from byoclient.transport.async_pools import AsyncPool
from byoclient.transport.compat import httpx
from byoclient.transport.loops import running_loop, soon
from byoclient.transport.network import drop_all
from byoclient.transport.options import PoolOptions
from byoclient.transport.pools import Pool


class PoolTransport(httpx.HTTPTransport):  # type: ignore[misc]  # one class for httpx and httpx2
    """httpx's own transport, which turns requests, answers and errors of httpcore into its own, around a pool."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool


class AsyncPoolTransport(httpx.AsyncHTTPTransport):  # type: ignore[misc]  # as above
    """Its async twin."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool


@dataclass(slots=True, eq=False)
class LoopPool:
    """The pool of one event loop.

    Attributes:
        loop: the loop; for trio the token of its run.
        transport: the transport around the pool.
        guard: a generator that waits in the loop, and closes the pool when the loop ends.
    """

    loop: Any
    transport: AsyncPoolTransport
    guard: AsyncGenerator[None, None]

    def end(self) -> None:
        """Close the pool in its loop, soon, and from whatever thread; nobody holds a lease any more."""
        _ending[self.transport] = self  # where the loop ends before its time comes, the guard closes the pool
        try:
            soon(self.loop, self._close)
        except RuntimeError:  # it has ended
            _ending.pop(self.transport, None)
            drop(self.transport)

    async def _close(self) -> None:
        await self.transport.aclose()
        await self.guard.aclose()


@dataclass(slots=True, eq=False)
class Shared:
    """The pools of one set of options, and how many leases are held on them."""

    options: PoolOptions
    leases: int = 0
    transport: PoolTransport | None = None
    of_loops: dict[int, LoopPool] = field(default_factory=dict)


_all: dict[PoolOptions, Shared] = {}
_ending: dict[AsyncPoolTransport, LoopPool] = {}
_lock = threading.RLock()  # the garbage collector may give a lease back while one is taken
_inherited: list[Any] = []


class Lease:
    """A client's hold on the pools of its options."""

    def __init__(self, options: PoolOptions) -> None:
        with _lock:
            shared = _all.get(options) or Shared(options)
            shared.leases += 1
            _all[options] = shared  # again, where the last other lease was given back in between
            self._shared: Shared | None = shared

    def transport(self) -> PoolTransport:
        """Return the transport of this process.

        Raises:
            RuntimeError: the lease was given back.
        """
        shared = self._held()
        if shared.transport is None:
            with _lock:
                shared = self._held()
                shared.transport = shared.transport or PoolTransport(_new_pool(shared.options))
        return shared.transport

    async def async_transport(self) -> AsyncPoolTransport:
        """Return the transport of the running event loop.

        Raises:
            RuntimeError: as above.
        """
        loop = running_loop()
        found = self._held().of_loops.get(id(loop))
        if found is not None and found.loop is loop:
            return found.transport
        return await self._begin(loop)

    async def _begin(self, loop: Any) -> AsyncPoolTransport:
        _let_go_of_closed_loops()
        with _lock:
            shared = self._held()
            transport = AsyncPoolTransport(_new_async_pool(shared.options))
            pool = LoopPool(loop, transport, _until_the_loop_ends(transport, shared, id(loop)))
            shared.of_loops[id(loop)] = pool
        await anext(pool.guard)  # from here on the loop knows it, and ends it before it closes
        return transport

    def _held(self) -> Shared:
        if self._shared is None:
            raise RuntimeError("the client is closed")
        return self._shared

    def give_back(self) -> None:
        """Give the lease back; the last one closes the pools. A second call does nothing."""
        with _lock:
            shared, self._shared = self._shared, None
            if shared is None:
                return
            shared.leases -= 1
            if shared.leases:
                return
            if _all.get(shared.options) is shared:
                del _all[shared.options]
            transport, shared.transport = shared.transport, None
            of_loops, shared.of_loops = shared.of_loops, {}
        if transport is not None:
            transport.close()
        for pool in of_loops.values():
            pool.end()

    async def async_give_back(self) -> None:
        """Do the same, and wait until the pool of the running loop is closed."""
        shared = self._shared
        pool = shared.of_loops.get(id(running_loop())) if shared else None
        self.give_back()
        if pool is not None and shared is not None and not shared.leases:
            await pool.transport.aclose()

    def __del__(self) -> None:
        with suppress(Exception):  # the interpreter may be ending
            self.give_back()


def _new_pool(options: PoolOptions) -> Any:
    if options.http2:
        from byoclient.transport.http2_pools import Http2Pool

        return Http2Pool(options)
    return Pool(options)


def _new_async_pool(options: PoolOptions) -> Any:
    if options.http2:
        from byoclient.transport.async_http2_pools import AsyncHttp2Pool

        return AsyncHttp2Pool(options)
    return AsyncPool(options)


async def _until_the_loop_ends(transport: AsyncPoolTransport, shared: Shared, key: int) -> AsyncGenerator[None, None]:
    # asyncio.run() and trio.run() end the generators of their loop before they close it.
    try:
        yield
    finally:
        with _lock:
            found = shared.of_loops.get(key)
            if found is not None and found.transport is transport:
                del shared.of_loops[key]
        await transport.aclose()
        _ending.pop(transport, None)


def _let_go_of_closed_loops() -> None:
    """Let go of pools whose loop was closed without an end of its generators, as `loop.close()` alone does."""
    with _lock:
        for shared in list(_all.values()):
            for key, pool in list(shared.of_loops.items()):
                if getattr(pool.loop, "is_closed", bool)():
                    del shared.of_loops[key]
                    drop(pool.transport)


def drop(transport: Any) -> None:
    """Let go of a transport's connections without a word to the other end."""
    transport._pool.drop()


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()
    # Kept: their finalizers would act on event loops and sockets that belong to the parent.
    _inherited.append([*_ending.values(), *((shared.transport, shared.of_loops) for shared in _all.values())])
    drop_all()
    _ending.clear()
    for shared in _all.values():
        shared.transport, shared.of_loops = None, {}


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_after_fork)
