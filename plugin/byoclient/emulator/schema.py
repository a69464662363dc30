"""Example values for a JSON schema: always the same one, and always valid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from jsonschema.exceptions import SchemaError
from jsonschema.validators import Draft202012Validator, validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

from byoclient.emulator.containers import CannotMake, Place, Schema, make_array, make_object
from byoclient.emulator.merging import merge
from byoclient.emulator.scalars import number, strings

__all__ = ["CannotMake", "Schema", "example"]

MOST_VALUES = 5_000  # made for one example
DEEP = 6  # levels; below them only what is required is made
TURNS = 3  # different values tried for an option of which another must not be valid
NUMBERS = 4  # candidates, since a step such as 0.1 has no exact float
STRING = "string"
KINDS = {
    "object": ("properties", "required", "additionalProperties", "minProperties", "patternProperties"),
    "array": ("items", "prefixItems", "minItems", "uniqueItems", "contains"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}


def example(schema: Any) -> Any:
    """Return a value that is valid for this schema.

    Raises:
        CannotMake: the schema is none, refers to another document, or allows nothing that was tried.
    """
    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        raise CannotMake(f"not a JSON schema: {error.message}") from None
    except RecursionError:
        raise CannotMake("the schema is too deep") from None
    # An empty registry: a `$ref` to another document must not be fetched.
    validator = kind(schema, registry=Registry(), format_checker=kind.FORMAT_CHECKER)
    return first_valid(Maker(schema, validator, deep=DEEP), Maker(schema, validator, deep=-1))


def first_valid(*makers: Maker) -> Any:
    """Return the value of the first maker that has a valid one, or raise the first one's reason."""
    reasons = []
    for maker in makers:
        try:
            return maker.whole()
        except CannotMake as error:
            reasons.append(str(error))
        except (ArithmeticError, RecursionError, Unresolvable, ValueError, re.error):
            reasons.append("the schema has a number, a pattern or a $ref that the emulator cannot read")
    raise CannotMake(reasons[0])


class Maker:
    """Makes one example of a schema; at more than `deep` levels only what is required."""

    def __init__(self, root: Schema, validator: Any, *, deep: int) -> None:
        self._root, self._validator, self._deep = root, validator, deep
        self._made = 0

    def whole(self) -> Any:
        """Return a valid example of the root schema."""
        value = self.make(self._root, Place())
        if not self._valid(value, self._root):
            raise CannotMake("the emulator found no value that is valid for the whole schema")
        return value

    def make(self, schema: Schema, place: Place) -> Any:
        """Return an example of a subschema."""
        self._made += 1
        if self._made > MOST_VALUES:
            raise CannotMake("the value would be larger than the emulator makes")
        if isinstance(schema, bool):
            return anything(schema, place)
        if "$ref" in schema or "allOf" in schema:
            return self.make(*self._flat(schema, place))
        if "const" in schema or "enum" in schema:
            return self._one_of(schema, place)
        for keyword, options in choices(schema).items():
            return self._any(keyword, options, schema, place)
        return self._typed(schema, place)

    def _flat(self, schema: Schema, place: Place) -> tuple[Schema, Place]:
        """Return a schema without `$ref` and `allOf` at its top, and the place with those that were followed."""
        if isinstance(schema, bool) or not ("$ref" in schema or "allOf" in schema):
            return schema, place
        parts = [without(schema, "$ref", "allOf"), *schema.get("allOf", ())]
        if "$ref" in schema:
            parts.append(self._resolved(schema["$ref"], place))
            place = place.within(schema["$ref"])
        merged: Schema = True
        followed = place.references
        for part in parts:
            flat, after = self._flat(part, place)
            merged, followed = merge(merged, flat), followed | after.references
        return merged, replace(place, references=followed)

    def _resolved(self, name: str, place: Place) -> Schema:
        """Return the subschema at a JSON pointer (`#/$defs/Node`)."""
        if name != "#" and not name.startswith("#/"):
            raise CannotMake(f"{place}: the emulator follows a $ref only within the schema")
        found: Any = self._root
        for part in name.split("/")[1:]:
            key: Any = unquote(part).replace("~1", "/").replace("~0", "~")
            try:
                found = found[int(key) if isinstance(found, list) else key]
            except (LookupError, TypeError, ValueError):
                raise CannotMake(f"{place}: $ref {name} leads nowhere") from None
        resolved: Schema = found
        return resolved

    def _one_of(self, schema: dict[str, Any], place: Place) -> Any:
        given = [schema["const"]] if "const" in schema else schema["enum"]
        allowed = [value for value in given if self._valid(value, schema)]
        if not allowed:
            raise CannotMake(f"{place}: no value of enum or const is valid")
        return allowed[place.turn % len(allowed)]

    def _any(self, keyword: str, options: list[Schema], schema: dict[str, Any], place: Place) -> Any:
        """Return an example of the first option that has one; far down, of the shortest, to come to an end."""
        if place.depth > self._deep:
            options = sorted(options, key=lambda option: len(str(option)))
        reason = f"{place}: no option of {keyword} is valid"
        for option in options:
            try:
                yielded = self._of_option({**without(schema, keyword), "allOf": [option]}, place)
                return next(value for value in yielded if self._valid(value, schema))
            except StopIteration:
                continue
            except CannotMake as error:
                reason = str(error)
        raise CannotMake(reason)

    def _of_option(self, schema: Schema, place: Place) -> Iterator[Any]:
        for turn in range(place.turn, place.turn + TURNS):
            yield self.make(schema, replace(place, turn=turn))

    def _typed(self, schema: dict[str, Any], place: Place) -> Any:
        reason = f"{place}: no type is allowed"
        for kind in kinds(schema):
            try:
                return self._of_kind(kind, schema, place)
            except CannotMake as error:
                reason = str(error)
        raise CannotMake(reason)

    def _of_kind(self, kind: str, schema: dict[str, Any], place: Place) -> Any:
        rich = place.depth <= self._deep
        if kind == "object":
            return make_object(schema, place, self.make, rich=rich)
        if kind == "array":
            return make_array(schema, place, self.make, rich=rich)
        for value in simple(kind, schema, place.turn):
            if self._valid(value, {**schema, "type": kind}):
                return value
        raise CannotMake(f"{place}: the emulator makes no {kind} for this: {hint(schema)}")

    def _valid(self, value: Any, schema: Schema) -> bool:
        valid: bool = self._validator.evolve(schema=schema).is_valid(value)
        return valid


def choices(schema: dict[str, Any]) -> dict[str, list[Schema]]:
    """Return the keywords that leave a choice, with the options; `if` is one of two."""
    found: dict[str, list[Schema]] = {word: schema[word] for word in ("anyOf", "oneOf") if word in schema}
    if "if" in schema:
        found["if"] = [{"allOf": [schema["if"], schema.get("then", True)]}, schema.get("else", True)]
    return found


def anything(schema: bool, place: Place) -> Any:
    """Return an example of the schema true."""
    if not schema:
        raise CannotMake(f"{place}: the schema false allows no value")
    return next(strings({}, place.turn))


def kinds(schema: dict[str, Any]) -> list[str]:
    """Return the types to try: those given, null last; where none is, the one that the keywords speak of."""
    if "type" in schema:
        given = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        return sorted(given, key=lambda kind: bool(kind == "null"))
    return [kind for kind, keywords in KINDS.items() if any(word in schema for word in keywords)] or [STRING]


def simple(kind: str, schema: dict[str, Any], turn: int) -> Iterator[Any]:
    """Yield candidates of a type that has no parts."""
    if kind == STRING:
        yield from strings(schema, turn)
    elif kind == "boolean":
        yield turn % 2 == 0
    elif kind == "null":
        yield None
    else:
        yield from (number(schema, turn + more, whole=kind == "integer") for more in range(NUMBERS))
    if "default" in schema:
        yield schema["default"]


def without(schema: dict[str, Any], *keywords: str) -> dict[str, Any]:
    """Return a schema without some keywords."""
    return {keyword: value for keyword, value in schema.items() if keyword not in keywords}


def hint(schema: dict[str, Any]) -> str:
    """Return the keywords that are the likely reason, as text."""
    words = ("pattern", "format", "minLength", "maxLength", *KINDS["number"])
    return ", ".join(f"{word} {schema[word]!r}" for word in words if word in schema) or "its schema"
