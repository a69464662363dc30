"""Langroid's agents over several endpoints."""

from __future__ import annotations

import asyncio

import byoclient
from byoclient.emulator import Emulator
from tests.conftest import Write
from tests.langroid.agents import ANSWER, agent, chats
from tests.support.regions import ranked


def test_an_agent_goes_on_to_the_next_endpoint(emulator: Emulator, write: Write) -> None:
    """Sync and async, streamed: by the copies of the clients that Langroid is given, and without a retry of its own."""
    emulator.break_answers(status=500)
    with Emulator(api_key="key-of-the-second") as second:
        clients = byoclient.load(write(ranked(emulator, second)))
        asked = agent(clients.plug("langroid", stream=True))
        answers = asked.llm_response("Sync?"), asyncio.run(asked.llm_response_async("Async?"))
        clients.close()
    assert [answer.content for answer in answers if answer] == [f"{ANSWER}Sync?", f"{ANSWER}Async?"]
    assert len(chats(emulator)) == len(chats(second)) == 2
