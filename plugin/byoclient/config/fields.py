"""Field types of options and settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("should be a number")
    return value


def key_fault(text: str) -> str | None:
    """Return what is wrong with a key or token, in words, or None."""
    # A key with a line break would stand whole in the HTTP library's traceback ("Illegal header value").
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        return "is empty, or holds spaces, line breaks or other characters that no key has"
    return None


def _printable(secret: SecretStr) -> SecretStr:
    wrong = key_fault(secret.get_secret_value())
    if wrong:
        raise ValueError(wrong)
    return secret


def _existing_file(path: str) -> str:
    if not Path(path).is_file():
        raise ValueError("names a file that does not exist")
    return path


Seconds = Annotated[float, BeforeValidator(_no_bool), Field(gt=0, le=86_400)]
Count = Annotated[int, BeforeValidator(_no_bool), Field(ge=0, le=1_000)]
Secret = Annotated[SecretStr, AfterValidator(_printable)]
Text = Annotated[str, Field(min_length=1)]
FilePath = Annotated[str, AfterValidator(_existing_file)]
