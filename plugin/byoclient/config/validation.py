"""Data → a pydantic model; what pydantic finds becomes our errors, with file, line and key, without values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from byoclient.config.pydantic_start import BaseModel
from byoclient.config.secrets import redact
from byoclient.config.section import Key, Loc, Section
from byoclient.errors import ConfigError, ConfigErrors, TrustError, suggestion
from byoclient.trust import Trust

M = TypeVar("M", bound=BaseModel)
TRUST_ERROR = "byoclient_trust"
MISSING = "missing. It is required."


@dataclass(frozen=True, slots=True)
class OptionsContext:
    """What a provider's model can read as `info.context` while its options are validated.

    Attributes:
        trust: what the calling program allows.
        where: maps a key of the options to its place, `configs/azure.yaml:9: options.credential`, for errors
            that come up later.
    """

    trust: Trust = field(default_factory=Trust)
    where: Callable[[str], str] = lambda key: f"options.{key}"


def validate(
    model: type[M], section: Section, *, unknown: str = "unknown key", context: OptionsContext | None = None
) -> M:
    """Return the section's data as an instance of `model`.

    Args:
        model: a pydantic model. One that says nothing about extra keys refuses them here.
        section: the data, and where they stand.
        unknown: how an unknown key is called in messages.
        context: passed to the model's validators as `info.context`.

    Raises:
        ConfigError: one fault.
        ConfigErrors: several.
    """
    extra: Literal["forbid"] | None = None if "extra" in model.model_config else "forbid"
    try:
        return model.model_validate(section.data, context=context, extra=extra)
    except ValidationError as error:
        errors = [_error(detail, model, section, unknown) for detail in error.errors(include_url=False)]
    # Outside of the except: a third party's ValidationError shows values, and would be the context of ours.
    raise_all(_without_follow_ups(errors))
    raise AssertionError("pydantic reports at least one error")


def raise_all(errors: Iterable[ConfigError]) -> None:
    """Raise what there is: nothing, the one error, or all of them in the order of their lines."""
    flat: dict[str, ConfigError] = {}
    for error in errors:
        for single in error.errors if isinstance(error, ConfigErrors) else (error,):
            flat.setdefault(str(single), single)
    if len(flat) > 1:
        raise ConfigErrors(sorted(flat.values(), key=lambda e: e.line or 0))
    for error in flat.values():
        raise error


def _without_follow_ups(errors: list[ConfigError]) -> list[ConfigError]:
    """Leave out that a key is missing where a misspelling of it was found."""
    meant = {f"{_parent(e.key)}{name}" for e in errors for name in re.findall(r"Did you mean '(.*)'\?", e.message)}
    return [error for error in errors if error.message != MISSING or error.key not in meant]


def _parent(key: str | None) -> str:
    return "".join((key or "").rpartition(".")[:2])


def _error(detail: ErrorDetails, model: type[BaseModel], section: Section, unknown: str) -> ConfigError:
    loc = _locate(detail["loc"], section.data)
    if detail["type"] == "extra_forbidden":
        names = _names_at([model], detail["loc"][:-1])
        return section.error(f"{unknown}.{suggestion(str(loc[-1]), names)}", *loc)
    if detail["type"] == "union_tag_not_found":
        kinds = ", ".join(_tags_at([model], detail["loc"]))
        return section.error(f"missing {_plain(detail['ctx']['discriminator'])}. One of: {kinds}.", *loc)
    kind = TrustError if detail["type"] == TRUST_ERROR else ConfigError
    key = detail.get("ctx", {}).get("key")
    return section.error(_message(detail), *loc, *((key,) if key else ()), kind=kind)


def _message(detail: ErrorDetails) -> str:
    ctx = detail.get("ctx", {})
    if detail["type"] == "missing":
        return MISSING
    if detail["type"] == "union_tag_invalid":
        tags = _plain(ctx["expected_tags"]).split(", ")
        return f"unknown {_plain(ctx['discriminator'])}.{suggestion(str(ctx['tag']), tags)}"
    text = detail["msg"].removeprefix("Value error, ").replace("Input should", "should").rstrip(".")
    found = f" Found {_describe(detail['input'])}." if text.startswith("should") else ""
    return f"{_without(text, detail)}.{found}"


def _plain(quoted: object) -> str:
    return str(quoted).replace("'", "")


def _describe(value: object) -> str:
    """Name a value's type, never the value."""
    if isinstance(value, str):
        return "text"
    names = {bool: "true or false", int: "a whole number", float: "a number", list: "a list", dict: "a mapping"}
    return "nothing" if value is None else names.get(type(value), type(value).__name__)


def _without(text: str, detail: ErrorDetails) -> str:
    """Take values out of a message that a model's own validator wrote; one of a whole model sees all values."""
    value = detail["input"]
    # byoclient's own models raise PydanticCustomError for what they say about hosts and names on purpose.
    if isinstance(value, str) or detail["type"] in ("value_error", "assertion_error"):
        return redact(text, (leaf for leaf in _texts(value) if len(leaf) > 3))
    return text


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for item in value.values() for text in _texts(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in _texts(item))


def _locate(loc: Loc, data: object) -> Loc:
    """Leave the parts of pydantic's location out that are no keys of the data: tags and names in unions."""
    found: list[Key] = []
    tagged = False
    for index, part in enumerate(loc):
        if isinstance(data, Mapping):
            tagged = not tagged and data.get("kind") == part
            if tagged or (part not in data and index < len(loc) - 1):
                continue
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            break
        found.append(part)
    return tuple(found)


def _names_at(models: list[Any], loc: Loc) -> set[str]:
    """Return the keys that the model at a location knows."""
    return {field.alias or name for m in _models_at(models, loc) for name, field in m.model_fields.items()}


def _tags_at(models: list[Any], loc: Loc) -> list[str]:
    """Return the tags of the union at a location, in its order."""
    return [str(tag) for model in _models_at(models, loc) for tag in _literals(model)]


def _models_at(models: list[Any], loc: Loc) -> list[Any]:
    for part in loc:
        fields = [f for m in models for n, f in m.model_fields.items() if part in (n, f.alias)]
        if any(part in _literals(model) for model in models):
            models = [model for model in models if part in _literals(model)]
        elif fields:
            models = [m for field in fields for m in _models_in(field.annotation)]
    return models


def _models_in(annotation: Any) -> list[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _literals(model: Any) -> list[Any]:
    """Return the values of a model's `kind`, by which a union knows it."""
    kind = model.model_fields.get("kind")
    return list(get_args(kind.annotation)) if kind and get_origin(kind.annotation) is Literal else []
