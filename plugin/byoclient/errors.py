"""What can go wrong, as a tree; every message reads `where: what happened. What was found. What to type.`

ByoclientError
├── PlacedError              knows its place in a YAML file
│   ├── ConfigError          the file: cannot be read, is not YAML, has a wrong key or value
│   │   ├── ResolveError     a reference that does not lead to exactly one function
│   │   ├── TrustError       a module, host or variable that this program does not trust
│   │   └── ConfigErrors     several of these in one file, in `.errors`
│   ├── ProviderError        a client provider's own code: its import fails, it raises, it returns the wrong thing
│   ├── CredentialError      no token: what was tried, and what to do about it
│   └── AdapterError         a framework is not installed, or refuses its settings
├── EmulatorError            the emulator cannot start
└── ClosedError              the `Clients` were closed
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

MOST_ERRORS = 100
"""How many of one sort are told of a file; making thousands of messages would take long, and nobody reads them."""


class ByoclientError(Exception):
    """The root of all errors that byoclient raises on purpose."""


class PlacedError(ByoclientError):
    """An error that knows its place in a YAML file, where there is one.

    Attributes:
        file: the file's path, as it was given to `load()`; None where the place is not known.
        line: the line, counted from 1, or None where the file as a whole is meant.
        column: the column, counted from 1, where the file could not be parsed; else None.
        key: the key, with dots between levels (`options.azure_endpoint`), or None.
        message: what happened, without the place.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
        key: str | None = None,
    ) -> None:
        self.message = message = _printable(message)  # a name in it may hold what a terminal obeys
        self.file = file
        self.line = line
        self.column = column
        self.key = key
        super().__init__(f"{place(file, line, key, column)}{message}")

    def __reduce__(self) -> tuple[object, ...]:
        return _restored, (type(self), self.message, self.file, self.line, self.column, self.key)


class ConfigError(PlacedError):
    """The YAML file is wrong."""


class ResolveError(ConfigError):
    """A reference does not lead to exactly one function."""


class TrustError(ConfigError):
    """The file asks for a module, host or variable that the calling program does not trust."""


class ConfigErrors(ConfigError):
    """Several errors of one file.

    Attributes:
        errors: the errors, in the order of their lines.
    """

    def __init__(self, errors: Sequence[ConfigError]) -> None:
        self.errors = tuple(errors)
        first = self.errors[0]
        super().__init__(first.message, file=first.file, line=first.line, column=first.column, key=first.key)

    def __reduce__(self) -> tuple[object, ...]:
        return ConfigErrors, (self.errors,)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


class ProviderError(PlacedError):
    """A client provider's code failed: at import, when called, or by what it returned."""


class CredentialError(PlacedError):
    """A credential gave no token."""


class AdapterError(PlacedError):
    """A framework is not installed, or refuses its settings."""


class EmulatorError(ByoclientError):
    """The emulator cannot start."""


class ClosedError(ByoclientError):
    """The `Clients` were closed and cannot make clients any more."""


def _restored(
    kind: type[PlacedError],
    message: str,
    file: str | None,
    line: int | None,
    column: int | None,
    key: str | None,
) -> PlacedError:
    """Make an error again, after it was pickled or copied."""
    return kind(message, file=file, line=line, column=column, key=key)


def without_frames(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function whose frames hold secrets: its errors keep no frame below the call, and no context.

    What captures the locals of a traceback's frames, as error trackers do, would show them.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except ByoclientError as error:
            fault = error
        del args, kwargs
        raise _bare(fault)

    return call


def _bare(error: ByoclientError) -> ByoclientError:
    for each in (error, *getattr(error, "errors", ())):
        each.__context__ = None
        each.__traceback__ = None
    return error


def shown(text: str, longest: int = 80) -> str:
    """Return a name from a file as it may stand in a message: printable, and not without end."""
    return _printable(text[:longest]) + ("…" if len(text) > longest else "")


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def place(file: str | None, line: int | None = None, key: str | None = None, column: int | None = None) -> str:
    """Return the `file:line:column: key: ` that begins a message; parts that are not known are left out."""
    where = ":".join(str(part) for part in (file, line, column) if part) if file else ""
    return "".join(f"{part}: " for part in (where, key) if part)


def suggestion(name: str, names: Iterable[str], known: str = "Known") -> str:
    """Return ` Did you mean 'x'?`, or the list of all names where none is close."""
    choices = sorted(names)
    close = difflib.get_close_matches(name, choices, n=1, cutoff=0.6)
    if close:
        return f" Did you mean '{close[0]}'?"
    return f" {known}: {', '.join(choices)}." if choices else ""


def with_article(noun: str) -> str:
    """Return `an async client provider`, `a client provider`."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
