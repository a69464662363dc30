"""One async client in any number of event loops, one after another and at once."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
import trio

import byoclient
from byoclient import Clients
from byoclient.emulator import Emulator
from byoclient.transport import shared
from tests.conftest import Write
from tests.yaml_files import MESSAGES, azure_file


@pytest.fixture
def clients(emulator: Emulator, write: Write) -> Clients:
    return byoclient.load(write(azure_file(emulator, f"api_key: {emulator.api_key}", more="  max_retries: 0\n")))


async def four(clients: Clients) -> int:
    create = clients.async_client().chat.completions.create
    answers = await asyncio.gather(*(create(model="gpt-4o", messages=MESSAGES) for _ in range(4)))
    return len(answers)


def pools_of_loops() -> int:
    return sum(len(pools.of_loops) for pools in shared._all.values())


def test_successive_loops_all_work(clients: Clients) -> None:
    """The plain SDK raises 'Event loop is closed' in every second one."""
    assert [asyncio.run(four(clients)) for _ in range(10)] == [4] * 10


def test_a_loop_that_ends_takes_its_connections_along(clients: Clients) -> None:
    """asyncio.run() closes them; nothing is left behind, and nothing warns."""
    asyncio.run(four(clients))
    assert pools_of_loops() == 0


def test_loops_that_live_at_once_do_not_share_connections(clients: Clients) -> None:
    """Each in a thread of its own."""
    barrier = threading.Barrier(4)

    async def run() -> int:
        answered = await four(clients)
        await asyncio.to_thread(barrier.wait)
        return answered + await four(clients)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda _: asyncio.run(run()), range(4))) == [8] * 4


def test_a_loop_that_was_closed_without_its_generators_is_let_go(clients: Clients) -> None:
    """`loop.close()` alone ends nothing; the next loop finds what is left and closes its sockets."""
    loop = asyncio.new_event_loop()
    loop.run_until_complete(four(clients))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # asyncio's own, of a loop that was closed like this
        loop.close()
        assert asyncio.run(four(clients)) == 4
        gc.collect()
    assert pools_of_loops() == 0


def test_a_loop_that_runs_again_keeps_its_connections(clients: Clients, emulator: Emulator) -> None:
    """As in a notebook, or in a program that calls run_until_complete many times."""
    with asyncio.Runner() as runner:
        assert [runner.run(four(clients)) for _ in range(3)] == [4] * 3
        assert pools_of_loops() == 1


def test_trio_has_pools_of_its_own(clients: Clients) -> None:
    """The SDK runs on trio too."""

    async def ask() -> str:
        answer = await clients.async_client().chat.completions.create(model="gpt-4o", messages=MESSAGES)
        return answer.choices[0].message.content or ""

    assert "ping" in trio.run(ask)
    assert "ping" in trio.run(ask)
    assert pools_of_loops() == 0


def test_a_client_that_is_closed_in_trio_leaves_no_generator_behind(emulator: Emulator, write: Write) -> None:
    """Trio warns of one that is forgotten before its end."""
    more = "  http: {max_connections: 8}\n"
    clients = byoclient.load(write(azure_file(emulator, f"api_key: {emulator.api_key}", more=more)))

    async def run() -> None:
        await clients.async_client().chat.completions.create(model="gpt-4o", messages=MESSAGES)
        (pool,) = (pool for pools in shared._all.values() for pool in pools.of_loops.values())
        await clients.aclose()
        with trio.fail_after(10):
            while pool.guard.ag_frame is not None:  # type: ignore[attr-defined]  # of generators alone
                await trio.sleep(0)

    trio.run(run)


def test_a_client_that_nobody_holds_closes_its_connections_in_the_running_loop(
    emulator: Emulator, write: Write
) -> None:
    """The garbage collector gives the lease back; the loop closes the pool."""
    path = write(azure_file(emulator, f"api_key: {emulator.api_key}", more="  http: {max_connections: 7}\n"))

    async def run() -> None:
        await four(byoclient.load(path))
        gc.collect()  # the SDK's clients are cycles
        while pools_of_loops():
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(run(), 10))
