"""Tool calls of chat completions through the real SDK."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import validate
from openai import AzureOpenAI, OpenAI
from openai.types.chat import ChatCompletionMessage, ChatCompletionMessageFunctionToolCall

WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 3},
        "unit": {"type": "string", "enum": ["celsius", "kelvin"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 7},
    },
    "required": ["city", "unit", "days"],
    "additionalProperties": False,
}
TOOLS: list[Any] = [
    {"type": "function", "function": {"name": "get_time"}},
    {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}},
]


def the_call(message: ChatCompletionMessage) -> ChatCompletionMessageFunctionToolCall:
    """Return the only tool call of a message."""
    assert message.tool_calls
    assert len(message.tool_calls) == 1
    assert message.tool_calls[0].type == "function"
    return message.tool_calls[0]


def user(text: str) -> list[Any]:
    """Return a conversation of one message."""
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize(
    ("choice", "name"),
    [({"type": "function", "function": {"name": "get_weather"}}, "get_weather"), ("required", "get_time")],
)
def test_a_forced_tool_is_called(v1: OpenAI, choice: Any, name: str) -> None:
    """A named tool, or the first where any is required, is called without being mentioned."""
    done = v1.chat.completions.create(model="gpt-4o", messages=user("Hi"), tools=TOOLS, tool_choice=choice)
    call = the_call(done.choices[0].message)
    assert call.function.name == name
    assert done.choices[0].finish_reason == "tool_calls"
    assert done.choices[0].message.content is None


def test_arguments_are_valid_for_the_tool_s_schema(v1: OpenAI) -> None:
    """The arguments are JSON that the tool's own schema accepts."""
    done = v1.chat.completions.create(model="gpt-4o", messages=user("Use get_weather"), tools=TOOLS)
    call = the_call(done.choices[0].message)
    validate(json.loads(call.function.arguments), WEATHER)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Use get_weather please", ["get_weather"]),
        ("get_weather or get_time", ["get_time"]),
        ("Use get_weather_now", []),
        ("Hello", []),
    ],
)
def test_a_mentioned_tool_is_called(v1: OpenAI, text: str, names: list[str]) -> None:
    """With `auto` the first tool whose whole name the last user message has is called, else text comes."""
    message = v1.chat.completions.create(model="gpt-4o", messages=user(text), tools=TOOLS).choices[0].message
    assert [call.function.name for call in message.tool_calls or () if call.type == "function"] == names
    assert bool(message.content) is not bool(names)


def test_none_calls_nothing(v1: OpenAI) -> None:
    """`tool_choice: none` gives text even where a tool is mentioned."""
    done = v1.chat.completions.create(
        model="gpt-4o", messages=user("get_time"), tools=TOOLS, tool_choice="none", parallel_tool_calls=False
    )
    assert done.choices[0].message.tool_calls is None


def test_a_tool_loop_ends_with_the_results_quoted(azure: AzureOpenAI) -> None:
    """After the tool's answer comes text that quotes it, so that an agent's loop ends."""
    messages = user("get_time and get_weather")
    message = azure.chat.completions.create(model="gpt-4o", messages=messages, tools=TOOLS).choices[0].message
    call = the_call(message)
    messages += [message.to_dict(), {"role": "tool", "tool_call_id": call.id, "content": "It is noon."}]
    messages += [{"role": "tool", "tool_call_id": "other", "content": "It rains."}]
    done = azure.chat.completions.create(model="gpt-4o", messages=messages, tools=TOOLS)
    assert done.choices[0].message.content == (
        "This is the byoclient emulator, not a model. You gave gpt-4o this tool result: It is noon.\nIt rains."
    )


def test_a_streamed_call_joins_to_the_whole_one(azure: AzureOpenAI) -> None:
    """The first chunk has id and name, the others pieces of the arguments, the last the reason."""
    asked: Any = {"model": "gpt-4o", "messages": user("get_weather"), "tools": TOOLS}
    whole = the_call(azure.chat.completions.create(**asked).choices[0].message)
    first, *pieces, last = azure.chat.completions.create(**asked, stream=True)
    (opened,) = first.choices[0].delta.tool_calls
    arguments = "".join(piece.choices[0].delta.tool_calls[0].function.arguments for piece in pieces)
    assert (opened.index, opened.function.name, opened.function.arguments) == (0, "get_weather", "")
    assert arguments == whole.function.arguments
    assert last.choices[0].finish_reason == "tool_calls"


def test_the_sdk_s_own_accumulator_reads_a_streamed_call(v1: OpenAI) -> None:
    """`chat.completions.stream` builds the same call."""
    with v1.chat.completions.stream(model="gpt-4o", messages=user("get_weather"), tools=TOOLS) as stream:
        call = the_call(stream.get_final_completion().choices[0].message)
    validate(json.loads(call.function.arguments), WEATHER)


@pytest.mark.parametrize("choice", [{"name": "get_weather"}, "auto"])
def test_the_older_functions_work(v1: OpenAI, choice: Any) -> None:
    """`functions` and `function_call` are answered in their own shape, whole and streamed."""
    asked: Any = {
        "model": "gpt-4o",
        "messages": user("get_weather"),
        "functions": [{"name": "get_weather", "parameters": WEATHER}],
        "function_call": choice,
    }
    done = v1.chat.completions.create(**asked).choices[0]
    assert done.finish_reason == "function_call"
    assert done.message.function_call
    deltas = [chunk.choices[0].delta.function_call for chunk in v1.chat.completions.create(**asked, stream=True)]
    assert "".join(delta.arguments for delta in deltas if delta) == done.message.function_call.arguments
    validate(json.loads(done.message.function_call.arguments), WEATHER)


def test_the_result_of_an_older_function_is_quoted(v1: OpenAI) -> None:
    """A last message of role `function` counts as a tool result."""
    messages = [*user("get_weather"), {"role": "function", "name": "get_weather", "content": "Rain."}]
    done = v1.chat.completions.create(model="gpt-4o", messages=messages, functions=[{"name": "get_weather"}])
    assert str(done.choices[0].message.content).endswith("this tool result: Rain.")
