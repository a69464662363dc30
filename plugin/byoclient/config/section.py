"""A part of a YAML file, which knows where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from byoclient.errors import ConfigError, PlacedError, shown

Key = str | int
Loc = tuple[Key, ...]
E = TypeVar("E", bound=PlacedError)


@dataclass(frozen=True, slots=True)
class Section:
    """Data of a YAML file and the lines of its keys.

    Attributes:
        file: the path, as the user gave it.
        data: mappings, lists, text, numbers, booleans, None.
        lines: the line of each key or item, by its place in the whole file.
        path: where this section stands in the file.
        public: whether others than the file's owner may read it.
        elsewhere: places whose values do not stand in the file, but in a variable or in the program.
    """

    file: str
    data: object = field(repr=False)
    lines: Mapping[Loc, int] = field(repr=False)
    path: Loc = ()
    public: bool = False
    elsewhere: frozenset[Loc] = frozenset()

    def child(self, key: Key) -> Section:
        """Return the section under a key; its data are None where the key is missing."""
        data = self.data.get(key) if isinstance(self.data, Mapping) else None
        return replace(self, data=data, path=(*self.path, key))

    def line(self, *loc: Key) -> int | None:
        """Return the line of a key in this section, or of the closest thing around it."""
        full = (*self.path, *loc)
        for end in range(len(full), -1, -1):
            if full[:end] in self.lines:
                return self.lines[full[:end]]
        return None

    def key(self, *loc: Key) -> str | None:
        """Return a key's name in messages: `llms.chat.options.azure_endpoint`, `credentials[0]`."""
        parts = (f"[{part}]" if isinstance(part, int) else f".{shown(part)}" for part in (*self.path, *loc))
        return "".join(parts).removeprefix(".") or None

    def error(self, message: str, *loc: Key, kind: type[E] = ConfigError) -> E:  # type: ignore[assignment]  # its default
        """Return (not raise) an error that stands at a key of this section."""
        return kind(message, file=self.file, line=self.line(*loc), key=self.key(*loc))
