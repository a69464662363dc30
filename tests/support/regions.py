"""Two emulators as two regions of one service, and files that name both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from byoclient import Clients
from byoclient.emulator import Emulator
from tests.yaml_files import MESSAGES

Ask = Callable[[Clients], str]
HEADS = {"azure_openai": "  api_version: 2024-10-21\n", "openai": ""}


def entry(emulator: Emulator, more: str = "", *, sign_in: str = "", provider: str = "azure_openai") -> str:
    """Return one entry of `endpoints`; `more` and `sign_in` are YAML in braces."""
    place = (
        f"azure_endpoint: '{emulator.url}'" if provider == "azure_openai" else f"base_url: '{emulator.url}/openai/v1'"
    )
    return f"  - {{{place}, {sign_in or f'api_key: {emulator.api_key}'}{', ' if more else ''}{more}}}\n"


def file_of(*entries: str, more: str = "  max_retries: 0\n", provider: str = "azure_openai") -> str:
    """Return a file with these endpoints."""
    return (
        f"model: gpt-4o\nclient_provider: {provider}\nasync_client_provider: {provider}\n"
        f"options:\n{HEADS[provider]}{more}  endpoints:\n{''.join(entries)}"
    )


def ranked(first: Emulator, second: Emulator, *, more: str = "  max_retries: 0\n") -> str:
    """Return a file whose second endpoint gets what the first one cannot."""
    return file_of(entry(first), entry(second, "priority: 1"), more=more)


def ask(clients: Clients) -> str:
    """Return a chat completion's text."""
    answer = clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES)
    return answer.choices[0].message.content or ""


def async_ask(clients: Clients) -> str:
    """Return the same from the async client."""

    async def run() -> str:
        answer = await clients.async_client().chat.completions.create(model="gpt-4o", messages=MESSAGES)
        return answer.choices[0].message.content or ""

    return asyncio.run(run())


def stream(clients: Clients) -> str:
    """Return a streamed chat completion's text."""
    answer = clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
    return "".join(map(_text, answer))


def async_stream(clients: Clients) -> str:
    """Return the same from the async client."""

    async def run() -> str:
        create = clients.async_client().chat.completions.create
        answer = await create(model="gpt-4o", messages=MESSAGES, stream=True)
        return "".join([_text(chunk) async for chunk in answer])

    return asyncio.run(run())


def _text(chunk: Any) -> str:
    return "".join(choice.delta.content or "" for choice in chunk.choices)


def counts(*emulators: Emulator) -> tuple[int, ...]:
    """Return how many requests each got."""
    return tuple(len(emulator.requests) for emulator in emulators)


def states(clients: Clients) -> list[str]:
    """Return the state of each endpoint."""
    return [endpoint.state for endpoint in clients.endpoints()]
