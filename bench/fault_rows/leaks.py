"""What is left over: of cancelled requests, of streams that nobody reads on, of closed clients."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

from bench.fault_rows.answers import WORKERS
from bench.fault_rows.sides import Run
from tests.support import asking
from tests.support.leaks import holdings
from tests.support.ledger import Ledger

BUDGET = 20.0  # seconds in which clients are made


def cancels(run: Run, count: int) -> str:
    """Requests and streams that are cancelled at random times, then 100 calls, then the client is closed."""
    return asyncio.run(_cancels(run, run.count(count, 200)))


async def _cancels(run: Run, count: int) -> str:
    dice, numbers, ledger = random.Random(1), iter(range(count)), Ledger()
    warm = run.side.async_client()
    await asking.async_ask(warm, Ledger())
    await warm.close()
    before, client = holdings(), run.side.async_client()

    async def work() -> None:
        for number in numbers:
            call = asking.async_stream if number % 2 else asking.async_ask
            task = asyncio.create_task(call(client, Ledger()))
            asyncio.get_running_loop().call_later(dice.random() * 0.05, task.cancel)
            await asyncio.wait({task})

    await asyncio.gather(*(work() for _ in range(WORKERS)))
    for _ in range(10):
        await asyncio.gather(*(asking.async_ask(client, ledger) for _ in range(10)))
    await client.close()
    await asyncio.sleep(0.2)  # for the server to see the end of the connections
    return left_over(run, ledger, before)


def left_early(run: Run, count: int) -> str:
    """Streams of which only the first chunk is read, then 100 calls, then the client is closed."""
    ledger = Ledger()
    warm = run.side.client()
    asking.ask(warm, Ledger())
    warm.close()
    before, client = holdings(), run.side.client()
    for _ in range(run.count(count, 100)):
        for _ in client.chat.completions.create(model=asking.MODEL, messages=asking.messages("Hello"), stream=True):
            break
    for _ in range(100):
        asking.ask(client, ledger)
    client.close()
    time.sleep(0.2)  # for the server to see the end of the connections
    return left_over(run, ledger, before)


def left_over(run: Run, ledger: Ledger, before: Any) -> str:
    """Return the figure of what should be as it was before."""
    more, account = holdings().since(before), ledger.account({})
    return (
        f"{more.fds:+} fds, {run.state()['connections']:+} connections, {more.tasks:+} tasks; "
        f"then {account.answered} of {account.sent} answered"
    )


def made_and_closed(run: Run, count: int) -> str:
    """Clients that are made and closed, one after the other."""
    return asyncio.run(_made_and_closed(run, run.count(count, 50)))


async def _made_and_closed(run: Run, count: int) -> str:
    make = run.side.async_client if run.asynchronous else run.side.client

    async def one() -> None:
        closing = make().close()
        if run.asynchronous:
            await closing

    await one()
    run.side.loading = 0.0
    before, start, made = holdings(), time.perf_counter(), 0
    while made < count and time.perf_counter() - start < BUDGET:
        await one()
        made += 1
    each = (time.perf_counter() - start - run.side.loading) / made * 1000
    more, load = holdings().since(before), run.side.loading / made * 1000
    loaded = f" after {load:.2f} ms of load()" if load else ""
    return f"{made}: {each:.2f} ms each{loaded}, {more.fds:+} fds, {more.rss:+.1f} MiB"
