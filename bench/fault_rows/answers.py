"""Requests whose answers are broken, and the figure of a ledger."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from math import inf
from typing import Any

from bench.fault_rows.sides import Run
from tests.support import asking
from tests.support.ledger import Ledger

WORKERS = 32
PATIENCE = 2.0  # seconds
CALLS: dict[str, tuple[Callable[..., None], Callable[..., Any]]] = {
    "ask": (asking.ask, asking.async_ask),
    "stream": (asking.stream, asking.async_stream),
    "stream_response": (asking.stream_response, asking.async_stream_response),
}


def many(
    run: Run,
    call: str,
    count: int,
    workers: int = WORKERS,
    before: Callable[[], None] = lambda: None,
    seconds: float = inf,
) -> Ledger:
    """Call so often from threads or tasks of one client, for so many seconds at most; do something before each."""
    ledger, end = Ledger(), time.monotonic() + seconds
    sync, asynchronous = CALLS[call]
    numbers = takewhile(lambda _: time.monotonic() < end, range(count))

    def work(client: Any) -> None:
        for _ in numbers:
            before()
            sync(client, ledger)

    async def async_work() -> None:
        client = run.side.async_client()

        async def work_one() -> None:
            for _ in numbers:
                before()
                await asynchronous(client, ledger)

        await asyncio.gather(*(work_one() for _ in range(workers)))

    if run.asynchronous:
        asyncio.run(async_work())
        return ledger
    client = run.side.client()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, [client] * workers))
    return ledger


def outcome(run: Run, ledger: Ledger) -> str:
    """Return the figure of requests that all should be answered."""
    account = ledger.account(run.state()["executed"])
    said = f"{account.lost} lost, {account.duplicated} duplicated, {account.crossed} crossed of {account.sent}"
    return f"{said} ({', '.join(ledger.errors)})" if ledger.errors else said


def faulty(run: Run, count: int, **fault: Any) -> str:
    """Requests of which a share is hit; none more than twice, since three times are told to the caller."""
    run.break_answers(rate=0.1, times=2, seed=1, **fault)
    return outcome(run, many(run, "ask", run.count(count, 200)))


def keep_alives_alone(run: Run) -> str:
    """A stream of comments, with a timeout for the whole request."""
    run.break_answers(ping=0.1)
    run.side = run.side.patient_for(PATIENCE)
    run.side.client()  # imports the SDK
    start = time.monotonic()
    ledger = many(run, "stream", 1, 1)
    return f"{', '.join(ledger.errors)} after {time.monotonic() - start:.1f} s"
