"""One call of an openai client each, written into a ledger. Any error counts, also those that the SDK lets through."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.support.ledger import Ledger

MODEL = "gpt-4o"


def messages(name: str) -> Any:
    """Return a prompt with a request's id."""
    return [{"role": "user", "content": name}]


def ask(client: Any, ledger: Ledger) -> None:
    """Ask for a chat completion."""
    name = ledger.send()
    try:
        answer = client.chat.completions.create(model=MODEL, messages=messages(name))
    except Exception as error:
        ledger.fail(name, error)
    else:
        ledger.answer(name, answer.choices[0].message.content)


async def async_ask(client: Any, ledger: Ledger) -> None:
    """Ask for a chat completion."""
    name = ledger.send()
    try:
        answer = await client.chat.completions.create(model=MODEL, messages=messages(name))
    except Exception as error:
        ledger.fail(name, error)
    else:
        ledger.answer(name, answer.choices[0].message.content)


def stream(client: Any, ledger: Ledger) -> None:
    """Ask for a streamed chat completion, and read it to its end."""
    name = ledger.send()
    try:
        chunks = list(client.chat.completions.create(model=MODEL, messages=messages(name), stream=True))
    except Exception as error:
        ledger.fail(name, error)
    else:
        ledger.end(name, *chat_text(chunks))


async def async_stream(client: Any, ledger: Ledger) -> None:
    """Ask for a streamed chat completion, and read it to its end."""
    name = ledger.send()
    try:
        answer = await client.chat.completions.create(model=MODEL, messages=messages(name), stream=True)
        chunks = [chunk async for chunk in answer]
    except Exception as error:
        ledger.fail(name, error)
    else:
        ledger.end(name, *chat_text(chunks))


def stream_response(client: Any, ledger: Ledger) -> None:
    """Ask for a streamed response, and read it to its end."""
    name = ledger.send()
    try:
        events = list(client.responses.create(model=MODEL, input=name, stream=True))
    except Exception as error:
        ledger.fail(name, error)
    else:
        ledger.end(name, *response_text(events))


async def async_stream_response(client: Any, ledger: Ledger) -> None:
    """Ask for a streamed response, and read it to its end."""
    name = ledger.send()
    try:
        events = [event async for event in await client.responses.create(model=MODEL, input=name, stream=True)]
    except Exception as error:
        ledger.fail(name, error)
    else:
        ledger.end(name, *response_text(events))


def chat_text(chunks: Iterable[Any]) -> tuple[str, bool]:
    """Return the text of a stream's chunks, and whether it finished."""
    choices = [choice for chunk in chunks for choice in chunk.choices]
    return "".join(choice.delta.content or "" for choice in choices), any(choice.finish_reason for choice in choices)


def response_text(events: Iterable[Any]) -> tuple[str, bool]:
    """Return the text of a stream's events, and whether it finished."""
    said = [(event.type, getattr(event, "delta", "")) for event in events]
    text = "".join(delta for kind, delta in said if kind == "response.output_text.delta")
    return text, any(kind == "response.completed" for kind, _ in said)
