"""What is measured while the token endpoint fails."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.identity_figures.figures import Tell, chat, tokens_of
from bench.identity_figures.sides import Side

CALLS = 10_000
SECONDS = 5.0  # after which the calls are given up
LIFE = 70.0  # of the tokens, in seconds; half of it later byoclient and the aio credentials want a new one
FAULTS: dict[str, dict[str, Any]] = {"503": {"status": 503}, "drop": {"drop": True}, "hang": {"hang": True}}


@dataclass
class Calls:
    """Calls of one kind, sync or async: how long the good ones took in seconds, and how many failed."""

    good: list[float] = field(default_factory=list)
    failed: int = 0
    end: float = 0.0

    def more(self) -> Iterator[None]:
        """Yield before each call."""
        self.end = time.monotonic() + SECONDS
        while len(self.good) + self.failed < CALLS and time.monotonic() < self.end:
            yield

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Time a call."""
        start = time.perf_counter()
        try:
            yield
        except Exception:
            self.failed += 1
        else:
            self.good.append(time.perf_counter() - start)

    def result(self) -> str:
        """Return what came of them."""
        if not self.good and not self.failed:
            return f"blocked for {SECONDS:.0f} s"
        if not self.good:
            return f"0 served, {self.failed} failed"
        p99, longest = statistics.quantiles(self.good, n=100)[98], max(self.good)
        return f"{len(self.good)} served, {self.failed} failed, p99 {p99 * 1e3:.3f} ms, longest {longest * 1e3:.0f} ms"


def outage(side: Side, tell: Tell, fault: str) -> str:
    """10,000 calls, or as many as 5 s allow, with a valid token that is due, while its endpoint fails."""
    tell("break_tokens", lifetime=LIFE)
    tokens = tokens_of(side.sync())
    tokens()
    sync, asynchronous = Calls(), Calls()
    ready, broken = threading.Barrier(3), threading.Event()

    def call() -> None:
        ready.wait()
        broken.wait()
        for _ in sync.more():
            with sync.counted():
                tokens()

    async def call_async() -> None:
        others = tokens_of(side.asynchronous())
        await others()
        ready.wait()
        broken.wait()  # nothing else runs in this loop
        for _ in asynchronous.more():
            with asynchronous.counted():
                await others()

    threads = [_background(call), _background(lambda: asyncio.run(call_async()))]
    ready.wait()
    time.sleep(LIFE / 2 + 0.5)
    tell("break_tokens", lifetime=LIFE, **FAULTS[fault])
    broken.set()
    end = time.monotonic() + SECONDS + 0.5
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return f"{sync.result()}; async {asynchronous.result()}"


def _background(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def cold_outage(side: Side, tell: Tell) -> str:
    """64 threads that have no token while the endpoint drops connections."""
    tell("break_tokens", drop=True)
    client = side.sync()
    barrier = threading.Barrier(65)
    ends: list[float] = []

    def ask(_: int) -> None:
        barrier.wait()
        try:
            chat(client)
        except Exception:
            ends.append(time.perf_counter())

    with ThreadPoolExecutor(64) as pool:
        futures = pool.map(ask, range(64))
        barrier.wait()
        start = time.perf_counter()
        list(futures)
    return _told(64, [end - start for end in ends], tell)


def cold_outage_async(side: Side, tell: Tell) -> str:
    """The same for tasks; plain ones fail one after the other, so that four tell enough."""
    tell("break_tokens", drop=True)
    waiters = 4 if side.plain else 64
    ends: list[float] = []

    async def ask(client: Any, start: float) -> None:
        try:
            await chat(client)
        except Exception:
            ends.append(time.perf_counter() - start)

    async def ask_all() -> None:
        client, start = side.asynchronous(), time.perf_counter()
        await asyncio.gather(*(ask(client, start) for _ in range(waiters)))

    asyncio.run(ask_all())
    return _told(waiters, ends, tell)


def _told(waiters: int, ends: list[float], tell: Tell) -> str:
    found = f"{len(ends)} of {waiters} failed: first {min(ends):.1f} s, last {max(ends):.1f} s"
    return f"{found}, {tell('token_requests')} token requests"
