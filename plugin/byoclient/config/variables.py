"""`${VAR}` and `${VAR:-default}` in values, from the environment variables that the program allows."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace

from byoclient.config.section import Loc, Section
from byoclient.errors import MOST_ERRORS, ConfigError, TrustError
from byoclient.trust import ALWAYS_READABLE, Trust

# `$${` stands for a literal `${`; the second part takes malformed ones too, to report them.
_VARIABLE = re.compile(r"\$\$\{|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(:-(?P<default>[^}]*))?\}|\$\{[^}]*\}?", re.A)


MOST_READ = 1024 * 1024  # characters; naming a long variable again and again would fill the memory
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.A)


def not_allowed(name: str, trust: Trust) -> str:
    """Return what to say of a variable that a file may not read."""
    return (
        f"the variable {name} may not be read from a file. Allowed: {', '.join((*ALWAYS_READABLE, *trust.env))}. "
        f'Pass trust=Trust(env=("{name}",)) to load(), or --trust-env {name}.'
    )


def is_literal(text: str) -> bool:
    """Whether text of a file says what it stands for, in whole or in the default of a variable."""
    found = [match for match in _VARIABLE.finditer(text) if match["name"]]
    if any(match["default"] for match in found):
        return True
    rest = _VARIABLE.sub(lambda match: "" if match["name"] else match[0], text)
    return bool(rest) and all(match["default"] is not None for match in found)


class Substitution:
    """Replaces the variables of a section and collects what is wrong with them."""

    def __init__(self, section: Section, trust: Trust, environ: Mapping[str, str] | None = None) -> None:
        self._section = section
        self._trust = trust
        self._environ = os.environ if environ is None else environ
        self._read: set[Loc] = set()
        self._length = 0
        self.errors: list[ConfigError] = []

    def section(self) -> Section:
        """Return the section with all variables replaced; those that cannot be are in `errors`."""
        data = self.apply(self._section.data)
        read = frozenset((*self._section.path, *loc) for loc in self._read)
        return replace(self._section, data=data, elsewhere=self._section.elsewhere | read)

    def apply(self, data: object, loc: Loc = ()) -> object:
        """Return data with all variables replaced; those that cannot be are in `errors`."""
        if isinstance(data, dict):
            return {key: self.apply(value, (*loc, key)) for key, value in data.items()}
        if isinstance(data, list):
            return [self.apply(value, (*loc, index)) for index, value in enumerate(data)]
        if isinstance(data, str) and "${" in data:
            return _VARIABLE.sub(lambda match: self._value(match, loc), data)
        return data

    def left_empty(self, error: ConfigError) -> bool:
        """Whether an error stands where a variable that could not be replaced left nothing, or around it."""
        return any(f"{missing.key}.".startswith(f"{error.key}.") for missing in self.errors)

    def _value(self, match: re.Match[str], loc: Loc) -> str:
        name, default = match["name"], match["default"]
        if match[0] == "$${":
            return "${"
        if name is None:
            return self._fail("a malformed variable. Write ${VAR} or ${VAR:-default}; $${ is a plain ${.", loc)
        if not self._trust.allows_variable(name):
            return self._fail(not_allowed(name, self._trust), loc, TrustError)
        value = self._environ.get(name)
        if value:
            self._read.add(loc)
            self._length += len(value)
        if self._length > MOST_READ:
            return self._fail(f"its variables hold more than {MOST_READ} characters together. Name fewer.", loc)
        if default is not None:
            return value or default
        if value is None:
            return self._fail(f"the variable {name} is not set. Set it, or give a default: ${{{name}:-…}}.", loc)
        return value

    def _fail(self, message: str, loc: Loc, kind: type[ConfigError] = ConfigError) -> str:
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(self._section.error(message, *loc, kind=kind))
        return ""
