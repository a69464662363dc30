"""Example objects and arrays for a JSON schema, whose parts a given function makes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Any

from byoclient.emulator.patterns import matching
from byoclient.emulator.scalars import WORD

Schema = dict[str, Any] | bool
MOST_PARTS = 1_000
TURNS = 64  # tries for an item that no other equals


class CannotMake(Exception):
    """No value was found; the message says for what."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the value the maker is.

    Attributes:
        path: the keys and indexes from the root, as `$.a[0]`.
        depth: how many levels below the root.
        turn: which of several different values is wanted, from 0.
        references: the `$ref` that are being followed; one that comes again would never end.
    """

    path: str = "$"
    depth: int = 0
    turn: int = 0
    references: frozenset[str] = frozenset()

    def at(self, step: str, turn: int | None = None) -> Place:
        """Return the place of a part."""
        turn = self.turn if turn is None else turn
        return replace(self, path=self.path + step, depth=self.depth + 1, turn=turn)

    def within(self, reference: str) -> Place:
        """Return this place while a reference is followed."""
        if reference in self.references:
            raise CannotMake(f"{self}: {reference} needs itself without an end")
        return replace(self, references=self.references | {reference})

    def __str__(self) -> str:
        return self.path


Make = Callable[[Schema, Place], Any]


def make_object(schema: dict[str, Any], place: Place, make: Make, *, rich: bool) -> dict[str, Any]:
    """Return an object: what is required, and, if `rich`, whatever else can be made."""
    required, least = schema.get("required", ()), schema.get("minProperties", 0)
    spare = schema.get("maxProperties", MOST_PARTS) - len(required)
    value: dict[str, Any] = {}
    for name, part in schema.get("properties", {}).items():
        if name in required:
            value[name] = make(part, place.at(f".{name}"))
        elif spare > 0 and (rich or len(value) < least):
            made = optional(name, part, place, make)
            value |= made
            spare -= len(made)
    missing = [name for name in required if name not in value]
    for name in (*missing, *more_names(schema, value, least - len(value) - len(missing), place)):
        value[name] = make(unnamed(schema, name), place.at(f".{name}"))
    return value


def optional(name: str, part: Schema, place: Place, make: Make) -> dict[str, Any]:
    """Return a property, or nothing where it cannot be made."""
    try:
        return {name: make(part, place.at(f".{name}"))}
    except CannotMake:
        return {}


def more_names(schema: dict[str, Any], value: dict[str, Any], wanted: int, place: Place) -> list[str]:
    """Return names for properties that `minProperties` asks for and no one names."""
    if wanted <= 0:
        return []
    if wanted > MOST_PARTS:
        raise CannotMake(f"{place}: minProperties is larger than the emulator makes")
    patterns = schema.get("patternProperties", {})
    like = (name for turn in range(wanted) for pattern in patterns for name in matching(pattern, turn, 0))
    plain = (f"{WORD}{number or ''}" for number in count())
    names = like if patterns else plain
    known = {*value, *schema.get("properties", {})}
    return list(islice(dict.fromkeys(n for n in islice(names, 4 * MOST_PARTS) if n not in known), wanted))


def unnamed(schema: dict[str, Any], name: str) -> Schema:
    """Return the schema of a property that `properties` does not name."""
    for pattern, part in schema.get("patternProperties", {}).items():
        if re.search(pattern, name):
            found: Schema = part
            return found
    rest: Schema = schema.get("additionalProperties", True)
    return rest


def make_array(schema: dict[str, Any], place: Place, make: Make, *, rich: bool) -> list[Any]:
    """Return an array: as long as it must be, and, if `rich`, at least one item where that can be made."""
    first, rest = item_schemas(schema)
    least, most = schema.get("minItems", 0), schema.get("maxItems", MOST_PARTS)
    least = max(least, schema.get("minContains", 1) if "contains" in schema else 0)
    if least > MOST_PARTS:
        raise CannotMake(f"{place}: minItems is larger than the emulator makes")
    value: list[Any] = []
    for index in range(min(max(least, len(first) or 1 if rich else 0), most)):
        part = first[index] if index < len(first) else rest
        try:
            value.append(item(part, index, value, place, make, unique=schema.get("uniqueItems", False)))
        except CannotMake:
            if index < least:
                raise
            break
    return value


def item_schemas(schema: dict[str, Any]) -> tuple[list[Schema], Schema]:
    """Return the schemas of the first items, and of the others, in today's words or in draft 7's."""
    items = schema.get("items", True)
    if isinstance(items, list):
        return items, schema.get("additionalItems", True)
    if "contains" in schema:
        items = {"allOf": [items, schema["contains"]]}
    return schema.get("prefixItems", []), items


def item(part: Schema, index: int, others: list[Any], place: Place, make: Make, *, unique: bool) -> Any:
    """Return one item, which no other equals if they must be unique."""
    if not unique:
        return make(part, place.at(f"[{index}]"))
    taken = {json.dumps(other, sort_keys=True) for other in others}
    for turn in range(place.turn + index, place.turn + index + TURNS):
        value = make(part, place.at(f"[{index}]", turn))
        if json.dumps(value, sort_keys=True) not in taken:
            return value
    raise CannotMake(f"{place}: the emulator found too few different items")
