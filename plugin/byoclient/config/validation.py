"""Data → a pydantic model; what pydantic finds becomes our errors, with file, line and key, without values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails, core_schema

from byoclient.config.context import TRUST_ERROR, OptionsContext
from byoclient.config.exposure import exposed
from byoclient.config.pydantic_start import BaseModel
from byoclient.config.secrets import forms_of, redact, told
from byoclient.config.section import Key, Loc, Section
from byoclient.errors import MOST_ERRORS, ConfigError, ConfigErrors, ProviderError, TrustError, suggestion

M = TypeVar("M", bound=BaseModel)
# pydantic's words for what YAML holds, and ours.
_WORDS = {
    r"a valid dictionary( or (instance of \w+|object to extract fields from))?": "a mapping",
    r"a valid (list|tuple|set)": "a list",
    r"a valid string": "text",
}
MISSING = "missing. It is required."
_PYDANTICS_OWN = frozenset(get_args(core_schema.ErrorType)) - {"value_error", "assertion_error"}


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
        ProviderError: a validator of the model raised something else than a ValueError.
    """
    extra: Literal["forbid"] | None = None if "extra" in model.model_config else "forbid"
    errors: list[ConfigError] = []
    said, cause = "", None
    try:
        valid = model.model_validate(_copied(section.data), context=context, extra=extra)
        raise_all(islice(exposed(valid, section), MOST_ERRORS))
        return valid
    except ConfigError as error:
        errors = [error]
    except ValidationError as error:
        errors = _errors(error, model, section, unknown)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a model may raise what it likes, SystemExit too
        said, cause = told(error, _texts(section.data))
    # Outside of the except: a third party's error may show values, and would be the context of ours.
    raise_all(_without_follow_ups(errors))
    raise section.error(f"its model '{model.__name__}' raised {said}", kind=ProviderError) from cause


def _copied(data: object) -> object:
    """Copy mappings and lists: a validator that takes out what it has read would leave nothing for the next time."""
    if isinstance(data, dict):
        return {key: _copied(value) for key, value in data.items()}
    return [_copied(value) for value in data] if isinstance(data, list) else data


def each(errors: Iterable[ConfigError]) -> Iterator[ConfigError]:
    """Yield errors one by one, also those that are several."""
    for error in errors:
        yield from error.errors if isinstance(error, ConfigErrors) else (error,)


def raise_all(errors: Iterable[ConfigError]) -> None:
    """Raise what there is: nothing, the one error, or all of them in the order of their lines."""
    flat = {str(error): error for error in each(errors)}
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


def _errors(error: ValidationError, model: type[BaseModel], section: Section, unknown: str) -> list[ConfigError]:
    values = forms_of(_texts(section.data))
    details = error.errors(include_url=False)[:MOST_ERRORS]
    return [_error(detail, model, section, unknown, values) for detail in details]


def _error(
    detail: ErrorDetails, model: type[BaseModel], section: Section, unknown: str, values: set[str]
) -> ConfigError:
    loc = _locate(detail["loc"], section.data)
    if detail["type"] == "extra_forbidden":
        names = _names_at([model], detail["loc"][:-1])
        return section.error(f"{unknown}.{suggestion(str(loc[-1]), names)}", *loc)
    if detail["type"] == "union_tag_not_found":
        kinds = ", ".join(_tags_at([model], detail["loc"]))
        return section.error(f"missing {_plain(detail['ctx']['discriminator'])}. One of: {kinds}.", *loc)
    kind = TrustError if detail["type"] == TRUST_ERROR else ConfigError
    key = detail.get("ctx", {}).get("key") if _is_ours(detail) else None
    return section.error(_message(detail, values), *loc, *((key,) if key else ()), kind=kind)


def _message(detail: ErrorDetails, values: set[str]) -> str:
    ctx = detail.get("ctx", {})
    if detail["type"] == "missing":
        return MISSING
    if detail["type"] == "union_tag_invalid":
        tags = _plain(ctx["expected_tags"]).split(", ")
        return f"unknown {_plain(ctx['discriminator'])}.{suggestion(str(ctx['tag']), tags)}"
    text = detail["msg"].removeprefix("Value error, ").replace("Input should", "should").rstrip(".")
    for pattern, word in _WORDS.items():
        text = re.sub(pattern, word, text)
    found = f" Found {_describe(detail['input'])}." if text.startswith("should") else ""
    end = "" if text.endswith("?") else "."  # after "Did you mean 'x'?"
    return f"{_without(text, detail, values)}{end}{found}"


def _plain(quoted: object) -> str:
    return str(quoted).replace("'", "")


def _describe(value: object) -> str:
    """Name a value's type, never the value."""
    if isinstance(value, str):
        return "text"
    names = {bool: "true or false", int: "a whole number", float: "a number", list: "a list", dict: "a mapping"}
    return "nothing" if value is None else names.get(type(value), type(value).__name__)


def _is_ours(detail: ErrorDetails) -> bool:
    return detail["type"].startswith("byoclient_")


def _without(text: str, detail: ErrorDetails, values: set[str]) -> str:
    """Take values out of a message; a model's own validator may have looked at all of them."""
    if _is_ours(detail):
        return text
    return redact(text, forms_of(_texts(detail["input"])) if detail["type"] in _PYDANTICS_OWN else values)


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
            tagged = bool(index) and not tagged and data.get("kind") == part
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
    fields = [item for model in _models_at(models, loc) for item in model.model_fields.items()]
    return {field.validation_alias if isinstance(field.validation_alias, str) else name for name, field in fields}


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
    if get_origin(annotation) is Annotated:
        lazy = [models for part in annotation.__metadata__ if (models := getattr(part, "models", None))]
        if lazy:
            return list(lazy[0]())
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _literals(model: Any) -> list[Any]:
    """Return the values of a model's `kind`, by which a union knows it."""
    kind = model.model_fields.get("kind")
    return list(get_args(kind.annotation)) if kind and get_origin(kind.annotation) is Literal else []
