"""Pieces of work that a program does over and over: clients that come and go, requests that end badly.

Each is given the rounds that it does, and where its files and its server are. It ends with nothing of its own open.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Protocol

import anyio

import byoclient
from byoclient import Clients
from byoclient.identity import sharing
from tests.support.asking import MODEL, messages
from tests.support.fault_server import FaultServer
from tests.support.leaks import open_sockets


class Rounds(Protocol):
    """The numbers of the rounds."""

    def __iter__(self) -> Iterator[int]: ...

    def __aiter__(self) -> AsyncIterator[int]: ...


FEW = "max_connections: 4, pool_timeout: 5"  # a request that keeps its place in the pool is soon missed
BROKEN: list[tuple[bool, dict[str, Any]]] = [
    (False, {"drop": True}),
    (False, {"reset": "before"}),
    (False, {"reset": "after"}),
    (False, {"cut": 100, "cut_by": "close"}),
    (False, {"status": 503}),
    (True, {"reset": "after"}),
    (True, {"cut": 700, "cut_by": "chunk"}),
    (True, {"cut": 700, "cut_by": "close"}),
    (True, {"cut": 700, "cut_by": "half"}),
    (True, {"cut": 700, "cut_by": "whole"}),
]
"""Whether the answer is streamed, and what is wrong with it."""


class Place:
    """Files for a server.

    Args:
        folder: where they are written.
        server: what answers, and breaks its answers.
        signed: a file whose clients sign in, at another server.
    """

    def __init__(self, folder: Path, server: FaultServer, signed: Path) -> None:
        self.server = server
        self.signed = signed
        self._file = folder / "llm.yaml"

    def file(self, http: str = FEW) -> Path:
        """Write a file with these `http` options, whole at any moment."""
        return self._write(f"{self.server.file}{_options(http)}")

    def with_a_dead_endpoint(self, port: int) -> Path:
        """Write one whose first endpoint is a port where nobody listens."""
        head, _, rest = self.server.file.partition("  azure_endpoint")
        version, key = rest.splitlines()[1:]
        entries = "".join(
            f"  - {{azure_endpoint: '{url}', {key.strip()}, priority: {priority}}}\n"
            for priority, url in enumerate((f"http://127.0.0.1:{port}", self.server.url))
        )
        return self._write(f"{head}{version}\n{_options(FEW)}  endpoints:\n{entries}")

    def _write(self, text: str) -> Path:
        new = self._file.with_suffix(".new")
        new.write_text(text)
        new.chmod(0o600)  # it holds a key
        return new.replace(self._file)


def _options(http: str) -> str:
    return f"  max_retries: 0\n  http: {{{http}}}\n"


def ask(client: Any) -> None:
    """Ask, and see to it that the answer is there."""
    answer = client.chat.completions.create(model=MODEL, messages=messages("ping"))
    assert "ping" in answer.choices[0].message.content


async def async_ask(client: Any) -> None:
    """Its async twin."""
    answer = await client.chat.completions.create(model=MODEL, messages=messages("ping"))
    assert "ping" in answer.choices[0].message.content


async def both_ask(clients: Clients) -> None:
    """Ask each client."""
    ask(clients.client())
    await async_ask(clients.async_client())


async def loads_of_one_file(rounds: Rounds, place: Place) -> None:
    """`load()`, ask and close."""
    file = place.file()
    async for _ in rounds:
        async with byoclient.load(file) as clients:
            await both_ask(clients)


async def loads_that_nobody_closes(rounds: Rounds, place: Place) -> None:
    """`load()` and ask; the clients are let go."""
    file = place.file()
    async for _ in rounds:
        await both_ask(byoclient.load(file))


async def loads_with_other_options(rounds: Rounds, place: Place) -> None:
    """`load()` of a file whose `http` is another each time."""
    async for number in rounds:
        async with byoclient.load(place.file(f"max_connections: {number + 1}")) as clients:
            await both_ask(clients)


async def loads_with_renewed_certificates(rounds: Rounds, place: Place) -> None:
    """`load()` of a file whose certificate authorities were written anew."""
    authorities = place.signed.with_name("ca.pem")
    file = place.file(f"ca_file: '{authorities}'")
    async for number in rounds:
        os.utime(authorities, (number, number))
        async with byoclient.load(file) as clients:
            await both_ask(clients)


async def loads_that_sign_in(rounds: Rounds, place: Place) -> None:
    """`load()`, get a token, ask and close."""
    async for _ in rounds:
        async with byoclient.load(place.signed) as clients:
            await both_ask(clients)
        sharing._sources.clear()  # the next round gets a token of its own


async def reloads(rounds: Rounds, place: Place) -> None:
    """`reload()` of a file that is another one each time."""
    async with byoclient.load(place.file()) as clients:
        async for number in rounds:
            place.file(f"max_connections: {number + 1}")
            await both_ask(clients.reload())


async def changes_of_a_watched_file(rounds: Rounds, place: Place) -> None:
    """`watch()`, of a file that is another one each time."""
    async with byoclient.watch(place.file(), interval=0) as clients:
        async for number in rounds:
            place.file(f"max_keepalive_connections: {number + 1}")
            await both_ask(clients)


def streams_left_early(rounds: Rounds, place: Place) -> None:
    """Streams of which only the first chunk is read."""
    with byoclient.load(place.file()) as clients:
        for _ in rounds:
            next(iter(_streamed(clients.client())))
            ask(clients.client())


async def async_streams_left_early(rounds: Rounds, place: Place) -> None:
    """Their async twin."""
    async with byoclient.load(place.file()) as clients:
        async for _ in rounds:
            await anext(aiter(await _streamed(clients.async_client())))
            await async_ask(clients.async_client())


def streams_that_nobody_reads(rounds: Rounds, place: Place) -> None:
    """Streams that are asked for and let go, without a look at them."""
    with byoclient.load(place.file()) as clients:
        for _ in rounds:
            _streamed(clients.client())
            ask(clients.client())


async def async_streams_that_nobody_reads(rounds: Rounds, place: Place) -> None:
    """Their async twin."""
    async with byoclient.load(place.file()) as clients:
        async for _ in rounds:
            await _streamed(clients.async_client())
            await async_ask(clients.async_client())


def _streamed(client: Any) -> Any:
    return client.chat.completions.create(model=MODEL, messages=messages("ping"), stream=True)


async def cancelled_requests(rounds: Rounds, place: Place) -> None:
    """Requests, half of them streams, that are cancelled anywhere between their start and their end.

    Half of them by their task, as asyncio does it, the others by a scope, as anyio and its frameworks do.
    """
    dice = random.Random(4711)
    async with byoclient.load(place.file()) as clients:
        client = clients.async_client()
        await async_ask(client)  # openai asks in a thread where it runs, until it knows
        async for number in rounds:
            scope = anyio.CancelScope()
            task = asyncio.create_task(_in_scope(scope, _read(client) if number % 2 else async_ask(client)))
            for _ in range(int(2 ** dice.uniform(0, 10))):
                await asyncio.sleep(0)
            scope.cancel() if number % 4 < 2 else task.cancel()
            await asyncio.wait({task})
            await async_ask(client)


async def _in_scope(scope: anyio.CancelScope, work: Coroutine[Any, Any, None]) -> None:
    with scope:
        await work


async def _read(client: Any) -> None:
    async for _ in await _streamed(client):
        pass


def broken_answers(rounds: Rounds, place: Place) -> None:
    """Answers that are reset, cut off or errors."""
    with byoclient.load(place.file()) as clients:
        for number in rounds:
            streamed, fault = BROKEN[number % len(BROKEN)]
            place.server.break_answers(**fault)
            try:
                list(_streamed(clients.client())) if streamed else ask(clients.client())
            except Exception:  # the SDK lets some through that are not its own
                place.server.mend()
                ask(clients.client())
            else:
                raise AssertionError(f"an answer with {fault} was taken for a good one")


async def async_broken_answers(rounds: Rounds, place: Place) -> None:
    """Their async twin."""
    async with byoclient.load(place.file()) as clients:
        async for number in rounds:
            streamed, fault = BROKEN[number % len(BROKEN)]
            place.server.break_answers(**fault)
            try:
                await (_read(clients.async_client()) if streamed else async_ask(clients.async_client()))
            except Exception:  # the SDK lets some through that are not its own
                place.server.mend()
                await async_ask(clients.async_client())
            else:
                raise AssertionError(f"an answer with {fault} was taken for a good one")


def event_loops(rounds: Rounds, place: Place) -> None:
    """Event loops that ask once and end, with one client."""
    clients = byoclient.load(place.file())
    for _ in rounds:
        asyncio.run(async_ask(clients.async_client()))
    asyncio.run(clients.aclose())


def threads(rounds: Rounds, place: Place) -> None:
    """Threads that ask once and end, half of them in a loop of their own, with the same clients."""
    with byoclient.load(place.file()) as clients:

        def in_a_loop() -> None:
            asyncio.run(async_ask(clients.async_client()))

        for number in rounds:
            work: Callable[[], None] = in_a_loop if number % 2 else lambda: ask(clients.client())
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()


def forks(rounds: Rounds, place: Place) -> None:
    """Children that ask, close their clients and end; each says whether a socket was left."""
    with byoclient.load(place.file()) as clients:
        before = open_sockets()
        for _ in rounds:
            ask(clients.client())
            child = os.fork()
            if not child:
                os._exit(_in_child(clients, before))
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            ask(clients.client())


def _in_child(clients: Clients, before: int) -> int:
    try:
        ask(clients.client())
        asyncio.run(_async_in_child(clients))
        return open_sockets() - before
    except BaseException:
        return 255


async def _async_in_child(clients: Clients) -> None:
    async with clients:
        await async_ask(clients.async_client())


async def failovers(rounds: Rounds, place: Place) -> None:
    """Requests that a dead endpoint gets first, with clients of their own."""
    with socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))  # and never listens
        file = place.with_a_dead_endpoint(dead.getsockname()[1])
        async for _ in rounds:
            async with byoclient.load(file) as clients:
                await both_ask(clients)
                assert clients.endpoints()[0].failures


def keeps_each_client(rounds: Rounds, place: Place) -> None:
    """What a program that leaks does: the measure is measured by it."""
    file, kept = place.file(), []
    for _ in rounds:
        kept.append(byoclient.load(file).client())


def keeps_each_stream(rounds: Rounds, place: Place) -> None:
    """Another one, until it ends."""
    kept = []
    with byoclient.load(place.file("max_connections: 100")) as clients:
        for _ in rounds:
            kept.append(_streamed(clients.client()))
            next(iter(kept[-1]))
