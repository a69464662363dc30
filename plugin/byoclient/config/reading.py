"""YAML text → plain data, strictly: no alias, merge, tag or duplicate key, and no type that YAML guesses.

Scalars follow the YAML 1.2 core schema, less its octal and hexadecimal numbers: `2024-10-21`, `no`, `010` and
`22:22` stay text. Limits are checked while parsing, so that a hostile file costs no more than its size.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import yaml

from byoclient.config.section import Key, Loc, Section
from byoclient.errors import ConfigError, shown

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
MAX_NODES = 10_000

_TOO_MUCH = f"too much: at most {MAX_DEPTH} levels and {MAX_NODES} values. Split the file."
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?([eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}


def read_file(path: str | os.PathLike[str]) -> Section:
    """Read a YAML file.

    Args:
        path: the file; UTF-8, at most 1 MiB.

    Raises:
        ConfigError: it cannot be read, or is not a mapping in strict YAML.
    """
    file = os.fspath(path)
    if not file:
        raise ConfigError("the path of the file is empty. Name a YAML file.")
    return Reader(file, _text(file)).read()


def _text(file: str) -> str:
    try:
        with Path(file).open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError("no such file. Check the path, or the directory that you are in.", file=file) from None
    except IsADirectoryError:
        raise ConfigError("is a directory. Name a YAML file in it.", file=file) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise ConfigError(f"cannot be read: {reason}.", file=file) from None
    if len(content) > MAX_BYTES:
        raise ConfigError(f"is larger than {MAX_BYTES} bytes. Split it.", file=file)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError("is not UTF-8. Save it as UTF-8.", file=file, line=line) from None


class Reader:
    """Builds the data of one document from the parser's events, and notes the line of each key."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._text = text
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
            raise ConfigError(f"should hold keys and values. Found {_kind(data)}.", file=self._file, line=1)
        return Section(self._file, data, self._lines)

    def _document(self, events: Iterator[Any]) -> object:
        data: object = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
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

    def _refuse(self, event: Any, message: str) -> NoReturn:
        raise ConfigError(message, file=self._file, line=event.start_mark.line + 1)

    def _syntax_error(self, error: yaml.YAMLError) -> ConfigError:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        if line is None and isinstance(position := getattr(error, "position", None), int):
            line = self._text.count("\n", 0, position) + 1
        # The parser's own text may quote what stands there, and that may be a secret: keep single characters only.
        problem = str(getattr(error, "problem", None) or "a character that may not stand in a file")
        if "nesting depth" in problem:  # PyYAML 6.0.4 has a limit of its own, and meets it while it looks ahead
            return ConfigError(_TOO_MUCH, file=self._file, line=line)
        problem = re.sub(r"'([^']*)'", lambda quoted: quoted[0] if len(quoted[1]) < 2 else "'…'", problem)
        column = f" at column {mark.column + 1}" if mark else ""
        return ConfigError(f"not YAML{column}: {problem}.", file=self._file, line=line)


def _scalar(text: str) -> object:
    word = text if text in _WORDS else text.lower() if text in ("True", "False", "Null") else None
    if word is not None:
        return _WORDS[word]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _kind(data: object) -> str:
    return {list: "a list", str: "text", bool: "true or false"}.get(type(data), "a number")
