"""Where in a file's data the secrets of the model stand that they became."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from byoclient.config.section import Key, Loc
from byoclient.config.sources import SecretSource

_SOURCES = ({"env"}, {"file"}, {"keyring"})


def places_of_secrets(model: BaseModel, data: object) -> set[Loc]:
    """Return the places of all texts that became secrets, whatever the model made of them."""
    return {loc for place in _secret_places(model) for loc, _ in texts(at(data, place), place)}


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


def at(data: Any, loc: Loc) -> object:
    """Return what stands at a place; None where nothing does."""
    for key in loc:
        try:
            data = data[key]
        except (LookupError, TypeError):
            return None
    return data


def texts(data: object, loc: Loc = ()) -> Iterator[tuple[Loc, str]]:
    """Yield all texts and numbers with their places, but not those that say where a secret stands."""
    if isinstance(data, dict):
        if set(data) not in _SOURCES:
            yield from (found for key, item in data.items() for found in texts(item, (*loc, key)))
    elif isinstance(data, list):
        yield from (found for index, item in enumerate(data) for found in texts(item, (*loc, index)))
    elif data is not None and not isinstance(data, bool):
        yield loc, str(data)
