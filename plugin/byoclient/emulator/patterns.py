"""Texts that match a regular expression, for the plain ones; the caller checks them."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from itertools import islice

LONGEST = 100_000  # characters
TRIES = 8
MORE = 4  # how many repetitions beyond the least may be tried

CLASSES = {"d": string.digits, "w": string.ascii_letters + string.digits + "_", "s": " "}
OTHERS = {"D": "e", "W": "-", "S": "e"}
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
QUANTIFIER = re.compile(r"\{(\d+)(,(\d*))?\}")
UNSUPPORTED = re.compile(r"\(\?(?!:)|\\[bBpPkuxAZ1-9]")


class Unsupported(Exception):
    """The expression has what this reader does not know."""


def matching(pattern: str, turn: int, least: int) -> Iterator[str]:
    """Yield a few candidates for a pattern, longer ones later; none for an exotic one."""
    try:
        if UNSUPPORTED.search(pattern) is None:
            lengths = sorted({0, MORE, least})
            yield from islice((Reader(pattern, turn, more).read() for more in lengths), TRIES)
    except (Unsupported, IndexError):
        return


class Reader:
    """Reads an expression from left to right and writes the first text that it allows."""

    def __init__(self, pattern: str, turn: int, more: int) -> None:
        self._pattern, self._turn, self._more = pattern, turn, more
        self._at = 0

    def read(self) -> str:
        """Return the text for the whole expression."""
        text = self._alternatives()
        if self._at < len(self._pattern):
            raise Unsupported
        return text

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self) -> str:
        self._at += 1
        return self._pattern[self._at - 1]

    def _alternatives(self) -> str:
        options = [self._sequence()]
        while self._peek() == "|":
            self._take()
            options.append(self._sequence())
        return options[self._turn % len(options)]

    def _sequence(self) -> str:
        parts = []
        while self._peek() not in ("", "|", ")"):
            choices = self._atom()
            parts.append(self._repeated(choices))
        return "".join(parts)

    def _repeated(self, choices: list[str]) -> str:
        """Write an atom as often as its quantifier asks, with other choices in later turns."""
        count = self._count()
        if count * max(map(len, choices)) > LONGEST:
            raise Unsupported
        start = self._turn
        picked = []
        for _ in range(count):
            picked.append(choices[start % len(choices)])
            start //= len(choices)
        return "".join(reversed(picked))

    def _count(self) -> int:
        least, most = self._bounds()
        return min(least + self._more, most) if most > least else least

    def _bounds(self) -> tuple[int, int]:
        simple = {"?": (0, 1), "*": (0, 10_000), "+": (1, 10_000)}
        found = QUANTIFIER.match(self._pattern, self._at)
        if self._peek() and self._peek() in simple:
            bounds = simple[self._take()]
        elif found:
            self._at = found.end()
            least = int(found[1])
            bounds = (least, int(found[3] or least + 10_000) if found[2] else least)
        else:
            return 1, 1
        if self._peek() == "?":
            self._take()
        return bounds

    def _atom(self) -> list[str]:
        char = self._take()
        if char in "^$":
            return [""]
        if char == ".":
            return list("emulator")
        if char == "\\":
            return self._escape()
        if char == "[":
            return self._set()
        if char == "(":
            return self._group()
        if char in "*+?{":
            raise Unsupported
        return [char]

    def _escape(self) -> list[str]:
        char = self._take()
        if char in CLASSES:
            return list(CLASSES[char])
        return [OTHERS.get(char) or ESCAPES.get(char) or char]

    def _group(self) -> list[str]:
        if self._pattern.startswith("?:", self._at):
            self._at += 2
        text = self._alternatives()
        self._take()
        return [text]

    def _set(self) -> list[str]:
        negated = self._peek() == "^"
        if negated:
            self._take()
        members: list[str] = []
        while self._peek() != "]" or not members:
            members += self._member()
        self._take()
        if not negated:
            return members
        return [char for char in string.ascii_lowercase + string.printable if char not in members]

    def _member(self) -> list[str]:
        char = self._take()
        first = self._escape() if char == "\\" else [char]
        if self._peek() != "-" or self._pattern[self._at + 1] == "]" or len(first) > 1:
            return first
        self._take()
        last = self._take()
        end = self._escape()[0] if last == "\\" else last
        return [chr(code) for code in range(ord(first[0]), ord(end) + 1)]
