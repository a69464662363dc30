"""Two JSON schemas into one that asks for both, as `allOf` does."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from byoclient.emulator.containers import Schema


def merge(one: Schema, other: Schema) -> Schema:
    """Return a schema that asks for both; where that cannot be written, for more or less the same."""
    if one is False or other is False:
        return False
    if one is True or other is True:
        return one if other is True else other
    merged = dict(one)
    for keyword, value in other.items():
        merged[keyword] = join(keyword, merged[keyword], value) if keyword in merged else value
    return merged


def join(keyword: str, one: Any, other: Any) -> Any:
    """Return the value of a keyword that both schemas have."""
    if one == other:
        return one
    return JOINS[keyword](one, other) if keyword in JOINS else other


def both(one: Any, other: Any) -> Any:
    """Return a subschema that asks for both."""
    return {"allOf": [one, other]}


def types(one: Any, other: Any) -> Any:
    """Return the types in both; an integer is a number too."""
    left = one if isinstance(one, list) else [one]
    right = other if isinstance(other, list) else [other]
    shared = [t for t in left if t in right or (t == "integer" and "number" in right)]
    return shared + [t for t in right if t == "integer" and "number" in left and t not in shared]


def properties(one: dict[str, Schema], other: dict[str, Schema]) -> dict[str, Schema]:
    """Return the properties of both."""
    return {**one, **{name: both(one[name], given) if name in one else given for name, given in other.items()}}


def multiple(one: Any, other: Any) -> Any:
    """Return the least number that is a multiple of both."""
    left, right = Fraction(str(one)), Fraction(str(other))
    shared = Fraction(lcm(left.numerator, right.numerator), gcd(left.denominator, right.denominator))
    return shared.numerator if shared.denominator == 1 else float(shared)


JOINS: dict[str, Callable[[Any, Any], Any]] = {
    "type": types,
    "properties": properties,
    "patternProperties": properties,
    "$defs": properties,
    "required": lambda one, other: list(dict.fromkeys([*one, *other])),
    "enum": lambda one, other: [value for value in one if value in other],
    "items": both,
    "additionalProperties": both,
    "allOf": lambda one, other: [*one, *other],
    "multipleOf": multiple,
    "uniqueItems": lambda one, other: one or other,
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
}
