"""A file's text: UTF-8, of a bounded size, without characters that look like something else."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from byoclient.errors import ConfigError

MAX_BYTES = 256 * 1024

# YAML 1.1 ends a line at NEL, LS and PS while editors show none; a byte order mark within a text, and what turns the
# direction of writing, show nothing at all. In double quotes each can be written as an escape.
_DECEIVING = re.compile("[\\x85\\u2028\\u2029\\ufeff\\u202a-\\u202e\\u2066-\\u2069]")


def text_of(path: str, file: str) -> tuple[str, bool]:
    """Return a file's text, and whether others than its owner may read it (never so on Windows).

    Args:
        path: where it is.
        file: what it is called in messages.

    Raises:
        ConfigError: it cannot be read, or is not UTF-8.
    """
    content, public = _content(path, file)
    if len(content) > MAX_BYTES:
        raise ConfigError(f"is larger than {MAX_BYTES} bytes. Split it.", file=file)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _place(content[: error.start].decode("utf-8", "replace"))
        raise ConfigError("is not UTF-8. Save it as UTF-8.", file=file, line=line, column=column) from None
    found = _DECEIVING.search(text)
    if found:
        line, column = _place(text[: found.start()])
        message = f"holds the invisible character U+{ord(found[0]):04X}. Take it away, or write it as an escape."
        raise ConfigError(message, file=file, line=line, column=column)
    return text, public


def _content(path: str, file: str) -> tuple[bytes, bool]:
    try:
        with Path(path).open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            public = os.name == "posix" and stat.S_ISREG(mode) and bool(mode & 0o077)
            return stream.read(MAX_BYTES + 1), public
    except FileNotFoundError:
        raise ConfigError("no such file. Check the path, or the directory that you are in.", file=file) from None
    except IsADirectoryError:
        raise ConfigError("is a directory. Name a YAML file in it.", file=file) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise ConfigError(f"cannot be read: {reason}.", file=file) from None


def _place(before: str) -> tuple[int, int]:
    lines = re.split(r"\r\n|\r|\n", before)
    return len(lines), len(lines[-1]) + 1
