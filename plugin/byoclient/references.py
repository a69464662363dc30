"""What a reference says, before anything is looked up: a name, `name@distribution`, or a dotted path."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from byoclient.errors import ResolveError

MAX_LENGTH = 200

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?", re.ASCII)
_DISTRIBUTION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_STANDARD = sys.stdlib_module_names | {"distutils", "test"}  # moved out of it, and left out of that list
_FORMS = "Write an installed name ('azure_openai'), 'name@distribution', or 'package.module:function'."


@dataclass(frozen=True, slots=True)
class NameReference:
    """An entry-point name, and the distribution where the file says which."""

    name: str
    distribution: str | None = None


@dataclass(frozen=True, slots=True)
class PathReference:
    """A function in a module."""

    module: str
    attribute: str

    def __str__(self) -> str:
        return f"{self.module}:{self.attribute}"


def parse_reference(text: str) -> NameReference | PathReference:
    """Return what a reference says.

    Args:
        text: `azure_openai`, `gateway@acme-llm`, `acme.llm:get_client` or `acme.llm.get_client`.

    Raises:
        ResolveError: it is none of these.
    """
    if len(text) > MAX_LENGTH:
        raise ResolveError(f"a reference of {len(text)} characters. {_FORMS}")
    name, at, distribution = text.partition("@")
    if at and _NAME.fullmatch(name) and _DISTRIBUTION.fullmatch(distribution):
        return NameReference(name, distribution)
    if _NAME.fullmatch(text):
        return NameReference(text)
    return parse_path(text)


def parse_path(text: str) -> PathReference:
    """Return a dotted path as module and attribute.

    Raises:
        ResolveError: it is malformed, or names the standard library, byoclient or something private.
    """
    module, _, attribute = text.partition(":") if ":" in text else text.rpartition(".")
    parts = [*module.split("."), attribute]
    if not all(_IDENTIFIER.fullmatch(part) for part in parts):
        raise ResolveError(f"{text!a} is not a reference. {_FORMS}")
    if any(part.startswith("_") for part in parts):
        raise ResolveError(f"'{text}' names something private. Give the function a name without underscore in front.")
    if parts[0] in _STANDARD:
        raise ResolveError(f"'{text}' is in the standard library, which holds no client provider. {_FORMS}")
    if parts[0] == "byoclient":
        raise ResolveError(f"'{text}' is byoclient's own. Use a built-in's name instead, such as 'azure_openai'.")
    return PathReference(module, attribute)
