"""A ledger: a unique id in each request, and what became of it."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

ID = re.compile(r"ledger-[0-9a-z]+-[0-9]+")


@dataclass(frozen=True)
class Account:
    """What a ledger comes to.

    Attributes:
        sent: the requests.
        answered: those that got their own answer, whole.
        raised: those that ended in an error that their caller saw.
        lost: `sent - answered`.
        duplicated: executions beyond the first of each request.
        crossed: those that got another's answer.
        silent: streams that ended without an error though they were not complete.
    """

    sent: int
    answered: int
    raised: int
    lost: int
    duplicated: int
    crossed: int
    silent: int


class Ledger:
    """The requests of one process; any thread and task may write into it."""

    def __init__(self) -> None:
        self._prefix = f"ledger-{secrets.token_hex(6)}"
        self._numbers = itertools.count(1)
        self._sent: list[str] = []
        self._answered: dict[str, str] = {}
        self._raised: dict[str, str] = {}
        self._silent: list[str] = []

    def send(self) -> str:
        """Return the id of a new request, to be put into its prompt."""
        name = f"{self._prefix}-{next(self._numbers)}"
        self._sent.append(name)
        return name

    def answer(self, name: str, text: str) -> None:
        """Note the answer to a request: whose it is stands in its text."""
        found = ID.findall(text)
        self._answered[name] = found[-1] if found else ""

    def end(self, name: str, text: str, complete: bool) -> None:
        """Note the end of a stream that raised nothing."""
        if complete:
            self.answer(name, text)
        else:
            self._silent.append(name)

    def fail(self, name: str, error: BaseException) -> None:
        """Note that a request ended in an error."""
        self._raised[name] = type(error).__name__

    @property
    def errors(self) -> list[str]:
        """The names of the errors, each once."""
        return sorted(set(self._raised.values()))

    def pages(self) -> dict[str, Any]:
        """Return what is noted, as plain JSON, for another process to `add`."""
        return {
            "sent": self._sent,
            "answered": self._answered,
            "raised": self._raised,
            "silent": self._silent,
        }

    def add(self, pages: Mapping[str, Any]) -> None:
        """Take in what another process noted."""
        self._sent += pages["sent"]
        self._answered.update(pages["answered"])
        self._raised.update(pages["raised"])
        self._silent += pages["silent"]

    def account(self, executed: Mapping[str, int]) -> Account:
        """Return the account, with how often the server executed each id."""
        own = sum(name == answer for name, answer in self._answered.items())
        return Account(
            sent=len(self._sent),
            answered=own,
            raised=len(self._raised),
            lost=len(self._sent) - own,
            duplicated=sum(_extra(executed.get(name, 0) for name in self._sent)),
            crossed=len(self._answered) - own,
            silent=len(self._silent),
        )


def _extra(counts: Iterable[int]) -> Iterable[int]:
    return (count - 1 for count in counts if count > 1)
