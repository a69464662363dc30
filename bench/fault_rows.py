"""The rows of bench/faults.py. Each figure is taken by `python bench/fault_rows.py`, in a process of its own."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import random
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.fault_sides import Run
from tests.support import asking
from tests.support.leaks import holdings
from tests.support.ledger import Ledger

WORKERS = 32
STATUSES = (408, 409, 429, 500, 502, 503)
PATIENCE = 2.0  # seconds
BUDGET = 20.0  # seconds in which clients are made
CALLS: dict[str, tuple[Callable[..., None], Callable[..., Any]]] = {
    "ask": (asking.ask, asking.async_ask),
    "stream": (asking.stream, asking.async_stream),
    "stream_response": (asking.stream_response, asking.async_stream_response),
}


def many(run: Run, call: str, count: int, workers: int = WORKERS, before: Callable[[], None] | None = None) -> Ledger:
    """Call so often from threads or tasks of one client; `before` each, where there is one worker."""
    ledger = Ledger()
    sync, asynchronous = CALLS[call]
    numbers = iter(range(count))
    before = before or (lambda: None)

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


def cut(run: Run, call: str, way: str, count: int) -> str:
    """Streams that are cut at and beside the end of each event, and all over their length."""
    count = run.count(count, 60)
    places = iter(random.Random(1).sample(cuts(stream_body(run, call), count), count))

    def cut_next() -> None:
        run.break_answers(cut=next(places), cut_by=way)

    ledger = many(run, call, count, 1, cut_next)
    account = ledger.account({})
    return f"{account.silent} silent, {account.raised} raised, {account.answered} complete"


def cuts(body: bytes, count: int) -> list[int]:
    """Return where to cut a stream; at least so many places."""
    ends = [end.end() for end in re.finditer(b"\n\n", body)]
    beside = [end + more for end in ends for more in (-2, -1, 0, 1) if end + more < len(body)]
    return beside + [number * len(body) // count for number in range(count)]


def stream_body(run: Run, call: str) -> bytes:
    """Return a stream's body."""
    path = "responses" if call == "stream_response" else "deployments/gpt-4o/chat/completions"
    name = Ledger().send()
    body = {"model": asking.MODEL, "messages": asking.messages(name), "input": name, "stream": True}
    request = Request(f"{run.side.url}/openai/{path}?api-version=2025-04-01-preview", json.dumps(body).encode())
    with urlopen(request, timeout=20) as answer:
        said: bytes = answer.read()
        return said


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


def stop_at_last_chunk(run: Run, count: int, *, usage: bool) -> str:
    """Streams whose reader stops at the finish reason or the usage and never closes; all are kept."""
    count, kept = run.count(count, 30), []
    create = {"model": asking.MODEL, "messages": asking.messages("Hello"), "stream": True}
    create |= {"stream_options": {"include_usage": True}} if usage else {}

    def finished(chunk: Any) -> bool:
        return bool(chunk.usage) if usage else any(choice.finish_reason for choice in chunk.choices)

    async def asynchronously() -> None:
        client = run.side.async_client()
        for _ in range(count):
            kept.append(await client.chat.completions.create(**create))
            async for chunk in kept[-1]:
                if finished(chunk):
                    break

    if run.asynchronous:
        asyncio.run(asynchronously())
    else:
        client = run.side.client()
        for _ in range(count):
            kept.append(client.chat.completions.create(**create))
            next(chunk for chunk in kept[-1] if finished(chunk))
    return f"{run.state()['connections_opened']} connections for {count} streams"


def keep_alives_alone(run: Run) -> str:
    """A stream of comments, with a timeout for the whole request."""
    run.break_answers(ping=0.1)
    run.side = run.side.patient_for(PATIENCE)
    run.side.client()  # imports the SDK
    start = time.monotonic()
    ledger = many(run, "stream", 1, 1)
    return f"{', '.join(ledger.errors)} after {time.monotonic() - start:.1f} s"


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


def langroid(name: str) -> Callable[..., str]:
    """Return a figure of bench/fault_langroid.py, which imports Langroid."""

    def figure(run: Run) -> str:
        found: str = getattr(importlib.import_module("bench.fault_langroid"), name)(run)
        return found

    return figure


BOTH, SYNC, ASYNC = ("sync", "async"), ("sync",), ("async",)


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        take: returns the figure of a run.
        modes: sync, async or both.
        limit: seconds after which it counts as hanging; None for the limit of all.
    """

    take: Callable[[Run], str]
    modes: tuple[str, ...]
    limit: float | None


def row(
    function: Callable[..., str], *more: Any, modes: tuple[str, ...] = BOTH, limit: float | None = None, **named: Any
) -> Row:
    """Return a row of a function, with what it is called with."""
    return Row(lambda run: function(run, *more, **named), modes, limit)


WAYS = {
    "close": "by `connection: close`",
    "whole": "by a clean end between events",
    "half": "by a clean end anywhere",
    "chunk": "without the last chunk",
}
ROWS: dict[str, Row] = {
    "10,000 requests, 10% of them get 408, 409, 429, 5xx": row(faulty, 10_000, status=STATUSES, retry_after_ms=20),
    "2,000 requests, 10% reset before the headers": row(faulty, 2_000, reset="before"),
    "2,000 requests, 10% reset after the headers": row(faulty, 2_000, reset="after"),
    "2,000 requests, 10% dropped": row(faulty, 2_000, drop=True),
    "2,000 requests, 10% with the connection closed behind the answer": row(faulty, 2_000, idle_close=True),
    **{f"1,000 chat streams cut {said}": row(cut, "stream", way, 1_000) for way, said in WAYS.items()},
    **{f"1,000 responses streams cut {said}": row(cut, "stream_response", way, 1_000) for way, said in WAYS.items()},
    "50 event loops one after the other, 4 calls each": row(loops, 50, modes=ASYNC),
    "4 event loops at once, 400 calls each": row(live_loops, 100, modes=ASYNC),
    "fork, 60 rounds of 4 processes and their parent": row(fork, 60),
    "10,000 random cancels": row(cancels, 10_000, modes=ASYNC),
    "2,000 streams left at their first chunk": row(left_early, 2_000, modes=SYNC),
    "100 streams left at their finish reason, the last chunk": row(stop_at_last_chunk, 100, usage=False),
    "100 streams left at their usage, the last chunk": row(stop_at_last_chunk, 100, usage=True),
    f"keep-alives alone, {PATIENCE:.0f} s allowed": row(keep_alives_alone, limit=20),
    f"10,000 clients made and closed, in {BUDGET:.0f} s at most": row(made_and_closed, 10_000, limit=60),
}
LANGROID_ROWS: dict[str, Row] = {
    "Langroid: 20 agents ask": row(langroid("agents")),
    "Langroid: 100 streamed answers": row(langroid("streams")),
    "Langroid: two batches, each in an event loop of its own": row(langroid("batches"), modes=ASYNC),
}


def main() -> None:
    """Take the figure that the command line names, and print it as the last line."""
    given = json.loads(sys.argv[1])
    chosen = {**ROWS, **LANGROID_ROWS}[given.pop("row")]
    try:
        figure = chosen.take(Run(**given))
    except Exception as error:
        figure = f"{type(error).__name__}: {str(error).splitlines()[0][:80] if str(error) else ''}"
    print(f"\n{figure}", flush=True)
    os._exit(0)  # whatever thread still hangs


if __name__ == "__main__":
    main()
