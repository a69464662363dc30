"""Finding the secret values of a model, to keep them out of texts that others wrote."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

from pydantic import BaseModel

from byoclient.config.sources import SecretSource
from byoclient.errors import ByoclientError

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
    """Return what somebody else's error may tell: its kind and text, and a cause for the traceback.

    The cause is None where the error, or what it came from, holds one of the secrets. Where only the local variables
    of its frames do, which error trackers capture, it is a `Traced` that has the same lines and no frames.
    """
    known = tuple(secret for secret in secrets if len(secret) >= SHORTEST)
    try:
        text = str(error)
    except Exception:  # somebody else's __str__
        text = ""
    said = " ".join(redact(text, forms_of(known)).split())
    return f"{type(error).__name__}{': ' if said else ''}{said}", _cause(error, known)


class Traced(Exception):
    """The lines of somebody else's traceback."""


def _cause(error: BaseException, secrets: tuple[str, ...]) -> BaseException | None:
    lines, with_locals = (_trace(error, capture_locals=captured) for captured in (False, True))
    if lines is None or _holds(lines, secrets):
        return None
    if with_locals is not None and not _holds(with_locals, secrets):
        return error
    if isinstance(error, ByoclientError):  # its own frames go; its kind and place matter more
        return error.with_traceback(None) if error.__cause__ is None else None
    return Traced(lines)


def _trace(error: BaseException, *, capture_locals: bool) -> str | None:
    try:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=capture_locals).format())
    except Exception:  # somebody else's __repr__ or __str__
        return None


def _holds(text: str, secrets: tuple[str, ...]) -> bool:
    # pydantic cuts the middle out of long values that it shows.
    ends = (part for secret in secrets if len(secret) >= 16 for part in (secret[:8], secret[-8:]))
    return any(part in text for part in (*forms_of(secrets), *ends))


def forms_of(values: Iterable[str]) -> set[str]:
    """Return texts as they are, as they stand in a repr, and as they stand in a URL."""
    return {
        form
        for value in values
        for form in (value, repr(value)[1:-1], quote(value), quote(value, ""), quote_plus(value))
    }


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return the text with each secret replaced by `…`; very short ones would only spoil the text.

    Args:
        text: what somebody said.
        secrets: as they may stand in it: `forms_of()` what they are.
    """
    for secret in sorted((s for s in secrets if len(s) >= SHORTEST and s in text), key=len, reverse=True):
        text = text.replace(secret, "…")
    return text
