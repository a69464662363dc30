"""The Responses API through the real SDK."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import validate
from openai import AzureOpenAI, OpenAI
from pydantic import BaseModel

SAID = "This is the byoclient emulator, not a model. You asked gpt-4o: Hello there"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS: list[Any] = [
    {"type": "web_search"},
    {"type": "function", "name": "get_weather", "parameters": SCHEMA, "strict": False},
]


class City(BaseModel):
    """A structured answer."""

    name: str
    inhabitants: int


@pytest.mark.parametrize("surface", ["azure", "v1"])
def test_a_response_is_text_of_the_emulator(surface: str, request: pytest.FixtureRequest) -> None:
    """Both surfaces answer the same, and count words."""
    client: AzureOpenAI | OpenAI = request.getfixturevalue(surface)
    done = client.responses.create(model="gpt-4o", input="Hello there")
    assert (done.status, done.output_text) == ("completed", SAID)
    assert done.usage is not None
    assert (done.usage.input_tokens, done.usage.output_tokens, done.usage.total_tokens) == (2, 13, 15)


def test_a_list_of_items_is_read_as_messages(v1: OpenAI) -> None:
    """The last user message of an input list is quoted."""
    items: Any = [
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "answer"},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello there"}]},
    ]
    assert v1.responses.create(model="gpt-4o", input=items).output_text == SAID


def test_raw_events_come_in_the_api_s_order(azure: AzureOpenAI) -> None:
    """`create(stream=True)` yields the API's sequence, numbered from 0."""
    events = list(azure.responses.create(model="gpt-4o", input="Hello there", stream=True))
    kinds = [event.type for event in events]
    assert list(dict.fromkeys(kinds)) == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == SAID


def test_the_sdk_s_own_accumulator_reads_the_stream(v1: OpenAI) -> None:
    """`responses.stream` ends with the same response as `create`."""
    whole = v1.responses.create(model="gpt-4o", input="Hello there")
    with v1.responses.stream(model="gpt-4o", input="Hello there") as stream:
        kinds = {event.type for event in stream}
        done = stream.get_final_response()
    assert "response.output_text.delta" in kinds
    assert done.output_text == whole.output_text


@pytest.mark.parametrize("choice", ["auto", "required", {"type": "function", "name": "get_weather"}])
def test_a_function_is_called(v1: OpenAI, choice: Any) -> None:
    """A mentioned or forced function is called with valid arguments."""
    done = v1.responses.create(model="gpt-4o", input="get_weather", tools=TOOLS, tool_choice=choice)
    (call,) = done.output
    assert call.type == "function_call"
    assert call.name == "get_weather"
    validate(json.loads(call.arguments), SCHEMA)


def test_a_function_call_is_streamed(v1: OpenAI) -> None:
    """The pieces of the arguments join to the call of the final response."""
    with v1.responses.stream(model="gpt-4o", input="get_weather", tools=TOOLS) as stream:
        pieces = [event.delta for event in stream if event.type == "response.function_call_arguments.delta"]
        (call,) = stream.get_final_response().output
    assert call.type == "function_call"
    assert "".join(pieces) == call.arguments


def test_a_function_s_output_is_quoted(v1: OpenAI) -> None:
    """After the output comes text, so that an agent's loop ends."""
    (call,) = v1.responses.create(model="gpt-4o", input="get_weather", tools=TOOLS).output
    assert call.type == "function_call"
    items: Any = [
        {"role": "user", "content": "get_weather"},
        call.to_dict(),
        {"type": "function_call_output", "call_id": call.call_id, "output": "It rains."},
    ]
    done = v1.responses.create(model="gpt-4o", input=items, tools=TOOLS)
    assert done.output_text.endswith("You gave gpt-4o this tool result: It rains.")


def test_a_structured_response_is_parsed(v1: OpenAI) -> None:
    """`responses.parse` builds the pydantic model, also from a stream."""
    parsed = v1.responses.parse(model="gpt-4o", input="Berlin", text_format=City).output_parsed
    with v1.responses.stream(model="gpt-4o", input="Berlin", text_format=City) as stream:
        assert stream.get_final_response().output_parsed == parsed
    assert parsed is not None
    assert "emulator" in parsed.name


def test_a_json_object_is_one(v1: OpenAI) -> None:
    """`json_object` gives an object that quotes the message."""
    done = v1.responses.create(model="gpt-4o", input="JSON", text={"format": {"type": "json_object"}})
    assert json.loads(done.output_text)["emulator"].endswith("You asked gpt-4o: JSON")
