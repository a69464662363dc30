"""Agents for the tests, and what the emulator received from them."""

from __future__ import annotations

from typing import Any

import langroid as lr
from langroid.language_models import AzureConfig, AzureGPT

from byoclient.emulator import Emulator, RecordedRequest

ANSWER = "This is the byoclient emulator, not a model. You asked gpt-4o: "


def agent(config: AzureConfig, **settings: Any) -> lr.ChatAgent:
    """Return an agent that says nothing before the first question."""
    return lr.ChatAgent(lr.ChatAgentConfig(llm=config, system_message="", **settings))


def llm_of(agent: lr.ChatAgent) -> AzureGPT:
    """Return the agent's language model."""
    assert isinstance(agent.llm, AzureGPT)
    return agent.llm


def clients_of(agent: lr.ChatAgent) -> tuple[Any, Any]:
    """Return the sync and the async client that the agent's language model holds."""
    return llm_of(agent).client, llm_of(agent).async_client


def chats(emulator: Emulator) -> list[RecordedRequest]:
    """Return the chat completions that were asked for."""
    return [request for request in emulator.requests if request.path.endswith("/chat/completions")]


def connections(emulator: Emulator) -> int:
    """Return how many they came over."""
    return len({request.connection for request in chats(emulator)})
