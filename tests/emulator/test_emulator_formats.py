"""`response_format`: JSON that is valid for the caller's schema, or a 400 that says why there is none."""

from __future__ import annotations

import json
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from openai import AzureOpenAI, BadRequestError, OpenAI
from pydantic import BaseModel, Field

HELLO: list[Any] = [{"role": "user", "content": "Hello, JSON"}]


class Colour(Enum):
    """An enum."""

    RED = "red"
    BLUE = "blue"


class Cat(BaseModel):
    """One kind of pet."""

    kind: Literal["cat"]
    lives: Annotated[int, Field(ge=1, le=9)]


class Dog(BaseModel):
    """Another kind of pet."""

    kind: Literal["dog"]
    tricks: Annotated[list[str], Field(min_length=2, max_length=3)]


class Person(BaseModel):
    """Most of what a real program asks for, and a reference to itself."""

    name: Annotated[str, Field(min_length=2, max_length=40)]
    born: date
    seen: datetime | None
    number: UUID
    colour: Colour
    share: Annotated[float, Field(gt=0, lt=1)]
    pets: list[Annotated[Cat | Dog, Field(discriminator="kind")]]
    parent: Person | None
    friends: list[Person]
    codes: Annotated[set[int], Field(min_length=3)]


def schema_format(schema: Any) -> Any:
    """Return a response_format of this schema."""
    return {"type": "json_schema", "json_schema": {"name": "thing", "schema": schema}}


def test_a_pydantic_model_is_parsed(azure: AzureOpenAI) -> None:
    """`chat.completions.parse` with a recursive model of many types builds the model."""
    wanted = schema_format(Person.model_json_schema())
    done = azure.chat.completions.create(model="gpt-4o", messages=HELLO, response_format=wanted)
    person = Person.model_validate_json(done.choices[0].message.content or "")
    assert "emulator" in person.name
    assert person.pets
    assert person.parent is None


def test_the_sdk_s_parse_works_with_a_strict_schema(v1: OpenAI) -> None:
    """The strict schema that the SDK derives from a model is answered too."""

    class Answer(BaseModel):
        text: str
        sure: bool
        parts: list[Cat]

    message = v1.chat.completions.parse(model="gpt-4o", messages=HELLO, response_format=Answer).choices[0].message
    assert message.parsed is not None
    assert message.parsed.text == "emulator"


def test_a_schema_s_answer_is_streamed(v1: OpenAI) -> None:
    """The pieces of a streamed JSON answer join to the same JSON."""
    wanted = schema_format({"type": "array", "items": {"type": "string"}, "minItems": 30})
    chunks = v1.chat.completions.create(model="gpt-4o", messages=HELLO, response_format=wanted, stream=True)
    assert json.loads("".join(chunk.choices[0].delta.content or "" for chunk in chunks)) == ["emulator"] * 30


def test_a_json_object_quotes_the_message(v1: OpenAI) -> None:
    """`json_object` gives an object; `text` gives text."""
    asked: Any = {"model": "gpt-4o", "messages": HELLO}
    done = v1.chat.completions.create(**asked, response_format={"type": "json_object"})
    assert json.loads(done.choices[0].message.content or "")["emulator"].endswith("Hello, JSON")
    done = v1.chat.completions.create(**asked, response_format={"type": "text"})
    assert str(done.choices[0].message.content).startswith("This is the byoclient emulator")


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "string", "pattern": "^(?=.*[0-9])(?!.*emu).+$"}, "makes no string for this: pattern"),
        (
            {"type": "object", "properties": {"a": {"$ref": "https://example.com/a.json"}}, "required": ["a"]},
            r"\$\.a: ",
        ),
        ({"type": "integer", "minimum": 5, "maximum": 4}, "minimum 5, maximum 4"),
        ({"type": "nonsense"}, "not a JSON schema"),
        ({"$ref": "#/$defs/none"}, "leads nowhere"),
        ({"properties": {"a": {"$ref": "#"}}, "required": ["a"]}, "without an end"),
        ({"type": "array", "minItems": 1e6}, "larger than the emulator makes"),
    ],
)
def test_a_schema_without_a_value_is_refused(v1: OpenAI, schema: Any, reason: str) -> None:
    """Where no valid value is found the answer is a 400 that names the format and the reason."""
    with pytest.raises(BadRequestError, match=f"Invalid schema for response_format 'thing': .*{reason}") as caught:
        v1.chat.completions.create(model="gpt-4o", messages=HELLO, response_format=schema_format(schema))
    assert caught.value.type == "invalid_request_error"


def test_a_tool_s_bad_schema_is_refused(v1: OpenAI) -> None:
    """The same goes for a tool, which the error names."""
    tools: Any = [{"type": "function", "function": {"name": "f", "parameters": {"type": "nonsense"}}}]
    with pytest.raises(BadRequestError, match="Invalid schema for function 'f'"):
        v1.chat.completions.create(model="gpt-4o", messages=HELLO, tools=tools, tool_choice="required")
