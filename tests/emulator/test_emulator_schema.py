"""The maker of example values: always valid, always the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from byoclient.emulator.schema import CannotMake, example

SMALL = st.integers(0, 6)


def bounded(draw: st.DrawFn, low: str, high: str, sizes: st.SearchStrategy[Any]) -> dict[str, Any]:
    """Return none, one or both of two bounds, in order."""
    least, most = sorted((draw(sizes), draw(sizes)))
    chosen = {low: least, high: most}
    return {name: chosen[name] for name in draw(st.sets(st.sampled_from([low, high])))}


@st.composite
def scalars(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the schema of a string, number, boolean, null or enum."""
    kind = draw(st.sampled_from(["string", "integer", "number", "boolean", "null", "enum", "format", "pattern"]))
    if kind == "string":
        return {"type": kind, **bounded(draw, "minLength", "maxLength", st.integers(0, 30))}
    if kind in ("integer", "number"):
        step = draw(st.sampled_from([{}, {"multipleOf": 1}] if kind == "integer" else [{}]))
        return {"type": kind, **bounded(draw, "minimum", "maximum", st.integers(-50, 50)), **step}
    if kind == "enum":
        return {"enum": draw(st.lists(st.integers() | st.text() | st.none(), min_size=1))}
    if kind == "format":
        return {"type": "string", "format": draw(st.sampled_from(["date", "email", "uuid", "ipv4", "time"]))}
    if kind == "pattern":
        patterns = [r"^[A-Z]{3}$", r"^\d{4}-\d{2}$", r"^(a|b)+c?$", r"^[^0-9]+@x\.org$", r"^#[0-9a-fA-F]{6}$", "^$"]
        return {"type": "string", "pattern": draw(st.sampled_from(patterns))}
    return {"type": kind}


def containers(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw the schema of an object, an array or a choice."""
    names = st.sampled_from(["a", "b", "c d", "é"])
    objects = st.builds(
        lambda properties, extra: {
            "type": "object",
            "properties": properties,
            "required": list(properties)[:2],
            "additionalProperties": extra,
        },
        st.dictionaries(names, parts, max_size=4),
        st.booleans(),
    )
    arrays = st.builds(lambda items, least: {"type": "array", "items": items, "minItems": least}, parts, SMALL)
    tuples = st.builds(lambda items: {"type": "array", "prefixItems": items}, st.lists(parts, min_size=1, max_size=3))
    choices = st.builds(lambda options: {"anyOf": options}, st.lists(parts, min_size=1, max_size=3))
    every = st.builds(lambda one: {"allOf": [one, {"title": "x"}]}, parts)
    return objects | arrays | tuples | choices | every


@settings(max_examples=60, deadline=None)
@given(st.recursive(scalars(), containers, max_leaves=8))
def test_an_example_is_valid_and_always_the_same(schema: dict[str, Any]) -> None:
    """For a generated schema that has a value, the example is one, and JSON."""
    made = example(schema)
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(made)
    assert json.dumps(made) == json.dumps(example(schema))


TREE: dict[str, Any] = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "value": {"type": "integer"},
                "left": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                "right": {"oneOf": [{"allOf": [{"$ref": "#/$defs/node"}]}, {"type": "null"}]},
                "more": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            },
            "required": ["value", "left", "right", "more"],
            "additionalProperties": False,
        }
    },
}


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        (TREE, {"value": 1, "left": None, "right": None, "more": []}),
        (True, "emulator"),
        ({"type": ["null", "string"]}, "emulator"),
        ({"const": {"a": 1}}, {"a": 1}),
        ({"type": "string", "enum": [1, "b"]}, "b"),
        ({"type": "string", "minLength": 12}, "emulator emu"),
        ({"type": "string", "maxLength": 4}, "emul"),
        ({"type": "integer", "exclusiveMinimum": 3, "multipleOf": 5}, 5),
        ({"type": "integer", "maximum": -3}, -3),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
        ({"type": "number", "minimum": 0.3, "multipleOf": 0.25}, 0.5),
        ({"type": "array", "uniqueItems": True, "minItems": 3, "items": {"type": "string"}}, None),
        ({"type": "array", "uniqueItems": True, "minItems": 2, "items": {"enum": ["a", "b"]}}, ["a", "b"]),
        ({"type": "array", "prefixItems": [{"type": "boolean"}, {"type": "null"}], "items": False}, [True, None]),
        ({"type": "array", "maxItems": 0}, []),
        ({"type": "array", "contains": {"minimum": 7}, "items": {"type": "integer"}, "minContains": 2}, [7, 7]),
        ({"allOf": [{"type": "number", "minimum": 2}, {"type": "integer", "maximum": 2}]}, 2),
        ({"oneOf": [{"multipleOf": 3}, {"multipleOf": 5}], "type": "integer", "minimum": 15}, None),
        ({"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}], "$defs": {"a": {"type": "null"}}}, None),
        ({"anyOf": [False, {"type": "boolean"}]}, True),
        ({"type": "object", "required": ["x"], "additionalProperties": {"type": "boolean"}}, {"x": True}),
        ({"type": "object", "minProperties": 1}, {"emulator": "emulator"}),
        ({"properties": {"a": True, "b": {"type": "null"}}, "required": ["b"], "maxProperties": 1}, {"b": None}),
        ({"type": "object", "patternProperties": {"^x[0-9]$": {"type": "null"}}, "minProperties": 2}, None),
        ({"if": {"properties": {"a": {"const": 1}}}, "then": {"required": ["a"]}, "type": "object"}, None),
        ({"type": "object", "properties": {"a": False, "b": {"type": "null"}}}, {"b": None}),
        ({"$ref": "#/$defs/a~1b%25", "$defs": {"a/b%": {"type": "null"}}}, None),
        ({"type": "string", "pattern": "(?=x)x", "default": "x"}, "x"),
    ],
)
def test_examples_are_plain_and_valid(schema: Any, made: Any) -> None:
    """Each keyword is heeded; where a value is given it is the very one."""
    found = example(schema)
    Draft202012Validator(schema).validate(found)
    assert made is None or found == made


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"$ref": "#"},
        {"enum": []},
        {"type": "string", "minLength": 10**9},
        {"type": "string", "pattern": "^(a{1000}){1000}{1000}$", "minLength": 10**8},
        {"type": "array", "uniqueItems": True, "minItems": 3, "items": {"type": "boolean"}},
        {"type": "object", "minProperties": 10**9},
        {"type": "number", "minimum": 1e400},
    ],
)
def test_what_cannot_be_made_is_said(schema: Any) -> None:
    """A schema without a value, or with too large a one, is CannotMake: soon, and nothing else."""
    with pytest.raises(CannotMake):
        example(schema)


def test_a_web_of_references_ends_soon() -> None:
    """Ten types that all refer to all others do not take exponential time."""
    names = [f"T{number}" for number in range(10)]
    refs: dict[str, Any] = {name: {"anyOf": [{"$ref": f"#/$defs/{name}"}, {"type": "null"}]} for name in names}
    one = {"type": "object", "properties": refs, "required": names}
    schema: dict[str, Any] = {"$ref": "#/$defs/T0", "$defs": dict.fromkeys(names, one)}
    Draft202012Validator(schema).validate(example(schema))
