"""Finding the secrets that a file holds as text, to keep them from leaving the process with it."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from byoclient.config.exposure import kept_secrets
from byoclient.config.places import at, places_of_secrets, texts
from byoclient.config.secrets import secret_values
from byoclient.config.section import Loc
from byoclient.config.variables import is_literal

SHORTEST = 8  # characters; shorter ones may be part of a text by chance


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
    placed = places_of_secrets(model, source)
    long = [secret for secret in secrets if len(secret) >= SHORTEST]
    for loc, text in texts(source):
        value = str(at(data, loc))
        found = (loc in placed and value not in harmless) or text in secrets or value in secrets
        if is_literal(text) and (found or any(secret in text or secret in value for secret in long)):
            yield loc
