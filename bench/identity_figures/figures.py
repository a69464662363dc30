"""What is measured while the token endpoint works."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.identity_figures.sides import Side

MESSAGES: Any = [{"role": "user", "content": "x"}]
Tell = Callable[..., Any]
"""Reads an attribute of the emulator, or calls it."""


def chat(client: Any) -> Any:
    """Ask; of an async client, return what is to be awaited."""
    return client.chat.completions.create(model="gpt-4o", messages=MESSAGES)


def tokens_of(client: Any) -> Any:
    """Return the function that the SDK asks for a token before each request."""
    return client._azure_ad_token_provider


def cold(side: Side, tell: Tell) -> str:
    """64 threads and 64 tasks start at once, over 8 clients of one identity."""
    clients = [side.sync() for _ in range(4)]
    barrier = threading.Barrier(65)

    def ask(index: int) -> None:
        barrier.wait()
        chat(clients[index % 4])

    async def ask_all() -> None:
        others = [side.asynchronous() for _ in range(4)]
        barrier.wait()
        await asyncio.gather(*(chat(others[index % 4]) for index in range(64)))

    with ThreadPoolExecutor(64) as pool:
        futures = [pool.submit(ask, index) for index in range(64)]
        asyncio.run(ask_all())
        for future in futures:
            future.result()
    return f"{tell('token_requests')}"


def revoked(side: Side, tell: Tell) -> str:
    """64 threads, then 64 tasks, with a token that the service has revoked."""
    client = side.sync()
    barrier = threading.Barrier(64)

    def ask(_: int) -> Any:
        barrier.wait()
        try:
            return chat(client)
        except Exception:
            return None

    async def ask_all() -> str:
        client = side.asynchronous()
        await chat(client)
        _revoke(tell)
        answers = await asyncio.gather(*(chat(client) for _ in range(64)), return_exceptions=True)
        return _answered([answer for answer in answers if not isinstance(answer, BaseException)], tell)

    chat(client)
    _revoke(tell)
    with ThreadPoolExecutor(64) as pool:
        found = _answered(list(pool.map(ask, range(64))), tell)
    return f"{found}; async {asyncio.run(ask_all())}"


def _revoke(tell: Tell) -> None:
    tell("revoke_tokens")
    tell("clear_requests")


def _answered(answers: list[Any], tell: Tell) -> str:
    return f"{len([answer for answer in answers if answer])} / {tell('token_requests')}"


def stall(side: Side, tell: Tell) -> str:
    """The longest time for which the event loop did nothing else, with a token endpoint that takes 1 s."""
    client = side.asynchronous_with_sync_token()
    tell("break_tokens", slow=1.0)
    gaps: list[float] = []

    async def tick() -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            gaps.append(now - last - 0.001)
            last = now

    async def run() -> None:
        ticking = asyncio.create_task(tick())
        await asyncio.sleep(0.05)
        await client._get_azure_ad_token()
        await asyncio.sleep(0.01)  # let the ticks note what they missed
        ticking.cancel()

    import azure.identity  # noqa: F401  (its import is no part of the figure)

    asyncio.run(run())
    return f"{max(gaps) * 1000:.0f} ms"


def short_life(side: Side, tell: Tell) -> str:
    """20 calls, sync and then async, with tokens that live 200 s."""
    tell("break_tokens", lifetime=200)
    tokens = tokens_of(side.sync())
    for _ in range(20):
        tokens()
    found = tell("token_requests")
    tell("clear_requests")

    async def call() -> None:
        tokens = tokens_of(side.asynchronous())
        for _ in range(20):
            await tokens()

    asyncio.run(call())
    return f"{found}; async {tell('token_requests')}"


def cached(side: Side, tell: Tell) -> str:
    """The cost of a call that has a token, sync and async; the best of 5 times 20,000."""
    tokens = tokens_of(side.sync())
    tokens()
    best = min(_seconds(tokens) for _ in range(5))
    again = asyncio.run(_async_seconds(tokens_of(side.asynchronous())))
    return f"{best / 20_000 * 1e6:.2f} µs; async {again / 20_000 * 1e6:.2f} µs"


def _seconds(tokens: Any) -> float:
    start = time.perf_counter()
    for _ in range(20_000):
        tokens()
    return time.perf_counter() - start


async def _async_seconds(tokens: Any) -> float:
    await tokens()
    best = 1e9
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(20_000):
            await tokens()
        best = min(best, time.perf_counter() - start)
    return best
