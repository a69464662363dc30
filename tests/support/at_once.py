"""Questions that are asked at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from byoclient import Clients
from byoclient.emulator import Emulator

Question = Callable[[Clients, str], str]
Many = Callable[[Clients, int], list[str]]


def named(name: str) -> list[Any]:
    """Return a prompt."""
    return [{"role": "user", "content": name}]


def question(clients: Clients, text: str) -> str:
    """Ask one question and return the answer."""
    answer = clients.client().chat.completions.create(model="gpt-4o", messages=named(text))
    return answer.choices[0].message.content or ""


def async_question(clients: Clients, text: str) -> str:
    """Do the same over the async client."""

    async def run() -> str:
        answer = await clients.async_client().chat.completions.create(model="gpt-4o", messages=named(text))
        return answer.choices[0].message.content or ""

    return asyncio.run(run())


def many(clients: Clients, count: int) -> list[str]:
    """Ask that many questions at once, in threads; return the answers in their order."""

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(lambda number: question(clients, f"question-{number}."), range(count)))


def async_many(clients: Clients, count: int) -> list[str]:
    """Do the same in tasks."""

    async def run() -> list[str]:
        create = clients.async_client().chat.completions.create
        asked = (create(model="gpt-4o", messages=named(f"question-{number}.")) for number in range(count))
        return [answer.choices[0].message.content or "" for answer in await asyncio.gather(*asked)]

    return asyncio.run(run())


def own(answers: list[str]) -> list[bool]:
    """Return of each whether it is the answer to its question."""
    return [f"question-{number}." in answer for number, answer in enumerate(answers)]


def used(emulator: Emulator) -> int:
    """Return how many connections the requests came on."""
    return len({request.connection for request in emulator.requests})


def later(work: Callable[..., Any], *args: Any) -> Future[Any]:
    """Do something in a thread of its own."""
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(work(*args))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
