"""What of `Clients` can leave the process: the configuration as it was read, and nothing that was made from it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from byoclient.config import Section, read_file
from byoclient.config.literals import literal_secrets
from byoclient.config.validation import raise_all
from byoclient.errors import ConfigError, ConfigErrors, PlacedError, without_frames
from byoclient.plan import Plan, choose_llm, plan_llm
from byoclient.plugins import scan
from byoclient.trust import Trust


@dataclass(frozen=True, slots=True)
class Configuration:
    """One LLM of a file as it was read: the names of variables, and where secrets stand, but not what they are.

    Attributes:
        path: the file, absolute, so that it is found again from another directory.
        llm: which LLM the program asked for; None where the file has only one.
        trust: what the calling program allows.
        name: the LLM's name under `llms:`; None in the short form.
        section: the LLM's data and lines, and nothing of the file's other LLMs.
    """

    path: str
    llm: str | None
    trust: Trust
    name: str | None
    section: Section

    @classmethod
    def read(cls, path: str | os.PathLike[str], llm: str | None, trust: Trust) -> Configuration:
        """Read one LLM of a file.

        Raises:
            ConfigError: it cannot be read, is no strict YAML, or has no such LLM.
        """
        return cls._of(read_file(path), os.path.abspath(path), llm, trust)

    @classmethod
    def _of(cls, section: Section, path: str, llm: str | None, trust: Trust) -> Configuration:
        name, section = choose_llm(section, llm)
        return cls(path, llm, trust, name, _with_own_lines(section))

    def read_again(self) -> Configuration:
        """Read the same LLM of the file as it is now.

        Raises:
            ConfigError: as in `read()`.
        """
        return self._of(read_file(self.path, self.section.file), self.path, self.llm, self.trust)

    def plan(self) -> Plan:
        """Check it against what is installed and set in this process.

        Raises:
            ConfigError: something is wrong; a `ConfigErrors` where several things are.
            ProviderError: a built-in client provider cannot be imported.
        """
        return plan_llm(self.section, self.name, self.trust, scan())

    def is_as(self, other: Configuration) -> bool:
        """Whether nothing differs. Unlike `==`, tells 1 from true."""
        return self.key() == other.key()

    def key(self) -> str:
        """Return all of it as one text."""
        section = self.section
        return repr((self, section.data, dict(section.lines)))


def _with_own_lines(section: Section) -> Section:
    path = section.path
    lines = {loc: line for loc, line in section.lines.items() if loc[: len(path)] == path[: len(loc)]}
    return replace(section, lines=lines)


@without_frames
def check_no_literal_secret(plan: Plan) -> None:
    """Check that nothing in the file is a secret; imports the functions that the file names, for their models.

    Raises:
        ConfigError: something is, and where; a `ConfigErrors` where several things are.
        ProviderError: a client provider cannot be imported.
    """
    errors: list[ConfigError] = []
    for loc, model in plan.models():
        source, section = plan.source, plan.section
        for key in loc:
            source, section = source.child(key), section.child(key)
        places = literal_secrets(model, source.data, section.data)
        errors += [source.error(_LITERAL, *place) for place in places]
    raise_all(errors)


_LITERAL = (
    "a secret stands in the file as text, so these Clients do not pickle. Write ${VAR}, {env: VAR} or {file: /path}, "
    "which each process reads for itself; ${VAR} without a default."
)


@contextmanager
def noted_as_unpickled() -> Iterator[None]:
    """Add to errors in which process they came up: what is installed and set there counts."""
    try:
        yield
    except PlacedError as error:
        note = f" These Clients were unpickled in process {os.getpid()} of '{socket.gethostname()}': what is"
        raise _noted(error, f"{note} installed and set there counts.") from error.__cause__


def _noted(error: PlacedError, note: str) -> PlacedError:
    if isinstance(error, ConfigErrors):
        return ConfigErrors([_noted(each, note) for each in error.errors])  # type: ignore[misc]  # ConfigErrors all
    return type(error)(error.message + note, file=error.file, line=error.line, column=error.column, key=error.key)
