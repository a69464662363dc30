"""YAML text → plain data, strictly: no alias, merge, tag or duplicate key, and no type that YAML guesses.

Scalars follow the YAML 1.2 core schema, less its octal and hexadecimal numbers: `2024-10-21`, `no`, `010` and
`22:22` stay text. Limits are checked while parsing, so that a hostile file costs no more than its size.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from byoclient.config.files import text_of
from byoclient.config.section import Key, Loc, Section
from byoclient.errors import ConfigError, shown, without_frames

MAX_DEPTH = 32
MAX_NODES = 10_000
MAX_KEY = 200  # characters
MAX_SCALAR = 64 * 1024  # characters

_TOO_MUCH = f"too much: at most {MAX_DEPTH} levels and {MAX_NODES} values. Split the file."
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?([eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
_BREAK = re.compile(r"\r\n|\r|\n")
_NO_TEXT = re.compile(r"[\0\ud800-\udfff]")


@without_frames
def read_file(path: str | os.PathLike[str], name: str | None = None) -> Section:
    """Read a YAML file.

    Args:
        path: the file; UTF-8, at most 256 KiB.
        name: what it is called in messages; by default as in `path`.

    Raises:
        ConfigError: it cannot be read, or is not a mapping in strict YAML.
    """
    file = os.fspath(path)
    if not file:
        raise ConfigError("the path of the file is empty. Name a YAML file.")
    name = file if name is None else name
    text, public = text_of(file, name)
    return Reader(name, text, public=public).read()


class Reader:
    """Builds the data of one document from the parser's events, and notes the line of each key."""

    def __init__(self, file: str, text: str, *, public: bool = False) -> None:
        self._file = file
        self._text = text
        self._public = public
        self._lines: dict[Loc, int] = {}
        self._nodes = 0

    def read(self) -> Section:
        """Return the document as a section.

        Raises:
            ConfigError: at the first fault.
        """
        try:
            data = self._document(yaml.parse(self._text, Loader=_LOADER))
        except yaml.YAMLError as error:
            raise self._syntax_error(error) from None
        if data is None:
            raise ConfigError("is empty. Write 'model:' and 'client_provider:'.", file=self._file)
        if not isinstance(data, dict):
            raise ConfigError(f"should hold keys and values. Found {_kind(data)}.", file=self._file, line=1, column=1)
        return Section(self._file, data, self._lines, public=self._public)

    def _document(self, events: Iterator[Any]) -> object:
        data: object = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if event.tags:
                    self._refuse(event, "a directive ('%TAG'). Take it away; values need no tags.")
                if documents > 1:
                    self._refuse(event, "a second document begins. A file holds one; several LLMs go under 'llms:'.")
            elif isinstance(event, yaml.NodeEvent):
                data = self._node(event, events, ())
        return data

    def _node(self, event: Any, events: Iterator[Any], loc: Loc) -> object:
        self._check(event, loc)
        self._lines.setdefault(loc, event.start_mark.line + 1)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, loc)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, loc)
        if len(event.value) > MAX_SCALAR:
            self._refuse(event, f"a text of {len(event.value)} characters. At most {MAX_SCALAR} may stand here.")
        return _scalar(event.value) if event.implicit[0] else event.value

    def _mapping(self, events: Iterator[Any], loc: Loc) -> dict[Key, object]:
        data: dict[Key, object] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._key(event, loc)
            if key in data:
                first = self._lines[(*loc, key)]
                self._refuse(event, f"the key '{shown(key)}' stands here and on line {first}. Keep one of them.")
            self._lines[(*loc, key)] = event.start_mark.line + 1
            data[key] = self._node(next(events), events, (*loc, key))
        return data

    def _sequence(self, events: Iterator[Any], loc: Loc) -> list[object]:
        data: list[object] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            data.append(self._node(event, events, (*loc, len(data))))
        return data

    def _key(self, event: Any, loc: Loc) -> str:
        self._check(event, loc)
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, "a key is a list or a mapping. Write a plain word.")
        if event.value == "<<" and event.implicit[0]:
            self._refuse(event, "a merge key ('<<'). Write the keys out.")
        if not 0 < len(event.value) <= MAX_KEY:
            self._refuse(event, f"a key of {len(event.value)} characters. It has 1 to {MAX_KEY}.")
        return str(event.value)

    def _check(self, event: Any, loc: Loc) -> None:
        self._nodes += 1
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, "an alias ('*'). Write the value out.")
        if event.anchor is not None:
            self._refuse(event, "an anchor ('&'). Write the value out where it is needed.")
        if event.tag is not None:
            self._refuse(event, "a tag ('!'). Take it away; values need none.")
        if len(loc) > MAX_DEPTH or self._nodes > MAX_NODES:
            self._refuse(event, _TOO_MUCH)
        if isinstance(event, yaml.ScalarEvent) and _NO_TEXT.search(event.value):
            self._refuse(event, "an escape of NUL, or of half a character. Take it away.")

    def _refuse(self, event: Any, message: str) -> NoReturn:
        mark = event.start_mark
        raise ConfigError(message, file=self._file, line=mark.line + 1, column=mark.column + 1)

    def _syntax_error(self, error: yaml.YAMLError) -> ConfigError:
        line, column = self._place(error)
        # The parser's own text may quote what stands there, and that may be a secret: keep single characters only.
        problem = str(getattr(error, "problem", None) or "a character that may not stand in a file")
        if "nesting depth" in problem:  # PyYAML 6.0.4 has a limit of its own, and meets it while it looks ahead
            return ConfigError(_TOO_MUCH, file=self._file, line=line, column=column)
        problem = re.sub(r"'([^']*)'", lambda quoted: quoted[0] if len(quoted[1]) < 2 else "'…'", problem)
        hint = " Indent with spaces, not with tabs." if self._is_tab(line, column) else ""
        return ConfigError(f"not YAML: {problem}.{hint}", file=self._file, line=line, column=column)

    def _is_tab(self, line: int, column: int) -> bool:
        lines = _BREAK.split(self._text)
        return lines[line - 1 : line] != [] and lines[line - 1][column - 1 : column] == "\t"

    def _place(self, error: yaml.YAMLError) -> tuple[int, int]:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        if mark:
            return mark.line + 1, mark.column + 1
        position = getattr(error, "position", None)
        before = _BREAK.split(self._text[:position] if isinstance(position, int) else "")
        return len(before), len(before[-1]) + 1


def _scalar(text: str) -> object:
    word = text if text in _WORDS else text.lower() if text in ("True", "False", "Null") else None
    if word is not None:
        return _WORDS[word]
    if _INT.fullmatch(text):
        return int(text)
    number = float(text) if _FLOAT.fullmatch(text) else math.inf
    return number if math.isfinite(number) else text


def _kind(data: object) -> str:
    return {list: "a list", str: "text", bool: "true or false"}.get(type(data), "a number")
