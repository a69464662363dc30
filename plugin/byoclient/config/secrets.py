"""Finding the secret values of a model, to keep them out of texts that others wrote."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel

from byoclient.config.sources import SecretSource

SHORTEST = 4  # characters


def secret_values(data: object) -> Iterator[str]:
    """Yield all secret values in a model, mapping or list."""
    reveal = getattr(data, "get_secret_value", None)
    if isinstance(data, SecretSource):
        yield from data.known_values()  # without reading: a keyring may ask a person
    elif callable(reveal):
        secret = reveal()
        yield secret.decode(errors="replace") if isinstance(secret, bytes) else str(secret)
    elif isinstance(data, BaseModel):
        yield from (value for _, item in data for value in secret_values(item))
    elif isinstance(data, Mapping):
        yield from (value for item in data.values() for value in secret_values(item))
    elif isinstance(data, (list, tuple, set, frozenset)):
        yield from (value for item in data for value in secret_values(item))


def told(error: BaseException, secrets: Iterable[str]) -> tuple[str, BaseException | None]:
    """Return what somebody else's error may tell: its kind and text, and itself as a cause for the traceback.

    The cause is None where the error, or what it came from, holds one of the secrets.
    """
    known = tuple(secret for secret in secrets if len(secret) >= SHORTEST)
    try:
        text = str(error)
    except Exception:  # somebody else's __str__
        text = ""
    said = " ".join(redact(text, known).split())
    trace = "".join(traceback.format_exception(error))
    kept = None if any(secret in trace for secret in known) else error
    return f"{type(error).__name__}{': ' if said else ''}{said}", kept


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return the text with each secret replaced by `…`; very short ones would only spoil the text."""
    for secret in sorted((s for s in secrets if len(s) >= SHORTEST), key=len, reverse=True):
        text = text.replace(secret, "…")
    return text
