"""Agents for the tests, and what the emulator received from them."""

from __future__ import annotations

from typing import Any

import langroid as lr
from langroid.language_models import AzureConfig

from byoclient.emulator import Emulator, RecordedRequest

ANSWER = "This is the byoclient emulator, not a model. You asked gpt-4o: "


def agent(config: AzureConfig, **settings: Any) -> lr.ChatAgent:
    """Return an agent that says nothing before the first question."""
    return lr.ChatAgent(lr.ChatAgentConfig(llm=config, system_message="", **settings))


def chats(emulator: Emulator) -> list[RecordedRequest]:
    """Return the chat completions that were asked for."""
    return [request for request in emulator.requests if request.path.endswith("/chat/completions")]
