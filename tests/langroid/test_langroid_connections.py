"""How many connections Langroid's ways of asking open, and what is said of generators and loops that end badly."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import Iterator
from typing import Any

import langroid as lr
import pytest
from langroid.agent.batch import llm_response_batch, run_batch_tasks

from byoclient.emulator import Emulator
from tests.langroid.agents import ANSWER, agent, chats, connections, llm_of
from tests.langroid.conftest import Load

STREAMS = 100


@pytest.fixture
def noise(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What asyncio and the interpreter report; an event loop's exception handler logs there too."""
    gc.collect()  # what other tests left is not of this one
    said: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda raised: said.append(repr(raised)))
    with caplog.at_level(logging.DEBUG, "asyncio"):
        yield said
        gc.collect()
    said += [record.getMessage() for record in caplog.records if record.name == "asyncio"]
    assert [text for text in said if not text.startswith("Using selector")] == []


def test_a_hundred_streams_use_one_connection(load: Load, emulator: Emulator, noise: list[str]) -> None:
    """Langroid stops reading at the usage and closes none of them; with openai's own client each opens one."""
    llm = llm_of(agent(load().plug("langroid", stream=True)))

    answers = [llm.chat(f"stream {number}") for number in range(STREAMS)]

    assert [answer.message for answer in answers] == [f"{ANSWER}stream {number}" for number in range(STREAMS)]
    assert (len(chats(emulator)), connections(emulator)) == (STREAMS, 1)


def test_a_hundred_async_streams_use_one_connection(load: Load, emulator: Emulator, noise: list[str]) -> None:
    """In one event loop, which has nothing to say of forgotten generators."""
    llm = llm_of(agent(load().plug("langroid", stream=True)))

    async def run() -> list[Any]:
        return [await llm.achat(f"stream {number}") for number in range(STREAMS)]

    assert [answer.message for answer in asyncio.run(run())] == [
        f"{ANSWER}stream {number}" for number in range(STREAMS)
    ]
    assert (len(chats(emulator)), connections(emulator)) == (STREAMS, 1)


def test_one_batch_of_questions_after_another_is_answered(load: Load, emulator: Emulator, noise: list[str]) -> None:
    """Each runs in an event loop of its own, where nothing of the one before must be met."""
    asked = agent(load(options="  max_retries: 0\n").plug("langroid", stream=True, retry_params={"max_retries": 0}))

    batches = [llm_response_batch(asked, [f"batch {batch} question {n}" for n in range(3)]) for batch in range(2)]

    contents = [[answer.content for answer in batch if answer] for batch in batches]
    assert contents == [[f"{ANSWER}batch {batch} question {n}" for n in range(3)] for batch in range(2)]
    assert len(chats(emulator)) == 6


def test_one_batch_of_tasks_after_another_is_run(load: Load, emulator: Emulator, noise: list[str]) -> None:
    """As with questions."""
    task = lr.Task(agent(load(options="  max_retries: 0\n").plug("langroid", stream=True)), interactive=False)

    batches: list[list[lr.ChatDocument | None]] = [run_batch_tasks(task, ["One DONE", "Two DONE"]) for _ in range(2)]

    assert [[result.content.split()[-1] for result in batch if result] for batch in batches] == [["One", "Two"]] * 2
    assert len(chats(emulator)) == 4
