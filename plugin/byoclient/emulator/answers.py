"""What the emulator answers: one rule for chat completions and responses, with no chance in it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from byoclient.emulator import azure_errors
from byoclient.emulator.schema import CannotMake, Schema, example

MOST_PIECES = 64  # of a streamed text, so that a long echo is not thousands of events


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the caller offers, with the JSON schema of its arguments."""

    name: str
    parameters: Schema


@dataclass(frozen=True, slots=True)
class Format:
    """The form that the caller wants: a JSON object, of a schema or (`schema` is True) any."""

    name: str
    schema: Schema


@dataclass(frozen=True, slots=True)
class Ask:
    """What was asked, in either API.

    Attributes:
        deployment: who is asked.
        user: the text of the last user message, or None.
        results: the tool results that end the conversation.
        tools: the tools that may be called.
        forced: the name of the tool that must be called, or None.
        format: the form of the answer, or None for text.
        words: the words of all messages: the prompt's "tokens".
    """

    deployment: str
    user: str | None
    results: tuple[str, ...]
    tools: tuple[Tool, ...]
    forced: str | None
    format: Format | None
    words: int


@dataclass(frozen=True, slots=True)
class Text:
    """A text answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call; the arguments are JSON text."""

    name: str
    arguments: str


Answer = Text | Call


def answer(ask: Ask) -> Answer:
    """Return the one answer to this: a forced call, else a call of a tool that the user named, else text.

    Raises:
        AzureError: 400, where no value can be made for a schema.
    """
    tool = tool_to_call(ask)
    if tool is not None:
        return Call(tool.name, made(tool.parameters, f"function '{tool.name}'"))
    if ask.format is not None:
        return Text(formatted(ask, ask.format))
    return Text(sentence(ask))


def tool_to_call(ask: Ask) -> Tool | None:
    """Return the tool that is called; a conversation that ends in tool results calls only a forced one."""
    if ask.forced is not None:
        return next(tool for tool in ask.tools if tool.name == ask.forced)
    if ask.results or ask.user is None:
        return None
    return next((tool for tool in ask.tools if mentions(ask.user, tool.name)), None)


def mentions(text: str, name: str) -> bool:
    """Return whether a text has this name as a word of its own."""
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def sentence(ask: Ask) -> str:
    """Return the text answer; it quotes the tool results, or the whole of the last user message."""
    who = "This is the byoclient emulator, not a model."
    if ask.results:
        return f"{who} You gave {ask.deployment} this tool result: " + "\n".join(ask.results)
    if ask.user is None:
        return f"{who} You sent {ask.deployment} no user message."
    return f"{who} You asked {ask.deployment}: {ask.user}"


def formatted(ask: Ask, form: Format) -> str:
    """Return JSON text of the form that was asked for."""
    if form.schema is True:
        return json.dumps({"emulator": sentence(ask)})
    return made(form.schema, f"response_format '{form.name}'")


def made(schema: Schema, what: str) -> str:
    """Return JSON text that is valid for a schema."""
    try:
        return json.dumps(example(schema))
    except CannotMake as error:
        raise azure_errors.bad_request(f"Invalid schema for {what}: {error}") from None


def count(text: str) -> int:
    """Return the number of words: this emulator's tokens."""
    return len(text.split())


def pieces(text: str) -> list[str]:
    """Split a text into a few pieces, between words, that join to it again."""
    words = re.findall(r"\S+\s*|\s+", text)
    size = -(-len(words) // MOST_PIECES) or 1
    return ["".join(words[start : start + size]) for start in range(0, len(words), size)]
