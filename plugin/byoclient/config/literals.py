"""Finding the secrets that a file holds as text, to keep them from leaving the process with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from byoclient.config.exposure import kept_secrets
from byoclient.config.secrets import secret_values
from byoclient.config.section import Key, Loc
from byoclient.config.sources import SecretSource
from byoclient.config.variables import is_literal

SHORTEST = 8  # characters; shorter ones may be part of a text by chance
_SOURCES = ({"env"}, {"file"}, {"keyring"})


def literal_secrets(model: BaseModel, source: object, data: object) -> Iterator[Loc]:
    """Yield the places where text of a file is a secret of the model that the file's data became.

    A secret is found where the model has it, and also wherever its value stands: a model may rename and move what it
    is given.

    Args:
        model: the validated options or settings.
        source: their data as the file has them.
        data: the same, with variables replaced.
    """
    secrets = kept_secrets(model)
    harmless = set(secret_values(model)) - secrets
    placed = {loc for place in _secret_places(model) for loc, _ in _texts(_at(source, place), place)}
    for loc, text in _texts(source, ()):
        value = str(_at(data, loc))
        found = (loc in placed and value not in harmless) or _shows(text, secrets) or _shows(value, secrets)
        if found and is_literal(text):
            yield loc


def _shows(text: str, secrets: set[str]) -> bool:
    return any(secret == text or (len(secret) >= SHORTEST and secret in text) for secret in secrets)


def _secret_places(value: object, loc: Loc = ()) -> Iterator[Loc]:
    if isinstance(value, SecretSource):
        return  # says where the secret stands
    if hasattr(value, "get_secret_value"):
        yield loc
    for key, item in _items(value):
        yield from _secret_places(item, (*loc, key))


def _items(value: object) -> Iterator[tuple[Key, object]]:
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            choices = getattr(field.validation_alias, "choices", (field.validation_alias,))
            keys = {name, field.alias, *(choice for choice in choices if isinstance(choice, str))}
            yield from ((key, getattr(value, name)) for key in keys if key is not None)
        yield from (value.model_extra or {}).items()
    elif isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, (list, tuple)):
        yield from enumerate(value)


def _at(data: Any, loc: Loc) -> object:
    for key in loc:
        try:
            data = data[key]
        except (LookupError, TypeError):
            return None
    return data


def _texts(data: object, loc: Loc) -> Iterator[tuple[Loc, str]]:
    """Yield all texts and numbers, but not those that say where a secret stands."""
    if isinstance(data, dict):
        if set(data) not in _SOURCES:
            yield from (found for key, item in data.items() for found in _texts(item, (*loc, key)))
    elif isinstance(data, list):
        yield from (found for index, item in enumerate(data) for found in _texts(item, (*loc, index)))
    elif data is not None and not isinstance(data, bool):
        yield loc, str(data)
