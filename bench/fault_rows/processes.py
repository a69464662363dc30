"""Event loops and processes that share a client."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bench.fault_rows.answers import outcome
from bench.fault_rows.sides import Run
from tests.support import asking
from tests.support.ledger import Ledger


def loops(run: Run, count: int) -> str:
    """One async client over event loops that come one after the other, with 4 calls in each."""
    client, ledger = run.side.async_client(), Ledger()

    async def four() -> None:
        await asyncio.gather(*(asking.async_ask(client, ledger) for _ in range(4)))

    for _ in range(run.count(count, 6)):
        asyncio.run(four())
    return outcome(run, ledger)


def live_loops(run: Run, count: int) -> str:
    """One async client in four threads with an event loop each."""
    client, ledger = run.side.async_client(), Ledger()
    calls = run.count(count, 25)

    async def work() -> None:
        for _ in range(calls):
            await asyncio.gather(*(asking.async_ask(client, ledger) for _ in range(4)))

    threads = [threading.Thread(target=lambda: asyncio.run(work()), daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcome(run, ledger)


def fork(run: Run, rounds: int) -> str:
    """A client that was used before the process forks: the parent and 4 children call at once."""
    ledger = Ledger()
    calls = forking_calls(run)
    calls(ledger)
    died = 0
    for _ in range(run.count(rounds, 5)):
        children = [child(calls) for _ in range(4)]
        calls(ledger)
        for pipe in children:
            with os.fdopen(pipe) as reading:
                text = reading.read()
            died += not text
            ledger.add(json.loads(text or "{}") or Ledger().pages())
        reap(len(children))
    said = outcome(run, ledger)
    return f"{said}; {died} processes died or hung" if died else said


def forking_calls(run: Run) -> Callable[[Ledger], None]:
    """Return what each process does with the client: three times four calls at once."""
    if run.asynchronous:
        async_client = run.side.async_client()

        async def four(ledger: Ledger) -> None:
            for _ in range(3):
                await asyncio.gather(*(asking.async_ask(async_client, ledger) for _ in range(4)))

        return lambda ledger: asyncio.run(four(ledger))
    client = run.side.client()

    def calls(ledger: Ledger) -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: asking.ask(client, ledger), range(12)))

    return calls


def child(work: Callable[[Ledger], None]) -> int:
    """Fork a process that works; return the pipe that brings its pages of the ledger."""
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        return reading
    signal.alarm(15)
    ledger = Ledger()
    work(ledger)
    with os.fdopen(writing, "w") as pipe:
        json.dump(ledger.pages(), pipe)
    os._exit(0)


def reap(count: int) -> None:
    """Wait for children."""
    for _ in range(count):
        os.wait()
