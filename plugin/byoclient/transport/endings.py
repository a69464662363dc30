"""Seeing in the bytes of a streamed answer whether it is complete."""

from __future__ import annotations

import json
import re
import zlib
from typing import Any, Protocol

_BLANK_LINES = (b"\n\n", b"\n\r\n", b"\r\r")
_DONE = re.compile(rb"(?:\A|[\r\n])data:[ \t]*\[DONE\]")
# A quote within text is escaped in JSON, so that these cannot match what a model or a user wrote.
_FINISHED = re.compile(rb'"finish_reason"[ \t]*:[ \t]*"')
_USAGE = re.compile(rb'^(?=.*"choices"[ \t]*:[ \t]*\[[ \t]*\])(?=.*"usage"[ \t]*:[ \t]*\{)', re.M)
_FINAL_EVENT = re.compile(rb'"type"[ \t]*:[ \t]*"(response\.(completed|failed|incomplete)|error)"')
_FINAL_TYPES = ("response.completed", "response.failed", "response.incomplete", "error")
_ZIPPED = ("gzip", "deflate")
_CHAT = re.compile(r"/completions$")
_RESPONSES = re.compile(r"/responses(/[^/]+)?$")


class Ending(Protocol):
    """Looks for the end in whole events."""

    complete: bool
    """Whether enough was seen to believe that nothing is missing."""
    last: bool
    """Whether the answer's last piece was seen: after it comes nothing that says anything."""

    def look(self, events: bytes) -> None:
        """Look at some more events."""

    def look_at_rest(self, rest: bytes) -> None:
        """Look at an event whose end is missing: nobody gets to read it."""


class ChatEnding:
    """Of chat and legacy completions: `[DONE]`, or a `finish_reason` of some choice.

    The last piece is `[DONE]` or the usage, at which some readers stop.
    """

    def __init__(self) -> None:
        self.complete = self.last = False

    def look(self, events: bytes) -> None:
        """Look at some more events."""
        if _DONE.search(events):
            self.complete = self.last = True
        if not self.complete and _FINISHED.search(events):
            self.complete = True
        if b'"usage"' in events and self.complete and _USAGE.search(events):
            self.last = True

    def look_at_rest(self, rest: bytes) -> None:
        """Look at an event whose end is missing; `[DONE]` says all that it has to say."""
        if _DONE.search(rest):
            self.complete = True


class ResponsesEnding:
    """Of the Responses API: one of its final events."""

    def __init__(self) -> None:
        self.complete = self.last = False

    def look(self, events: bytes) -> None:
        """Look at some more events."""
        if _FINAL_EVENT.search(events) and any(_type_of(line) in _FINAL_TYPES for line in events.splitlines()):
            self.complete = self.last = True

    def look_at_rest(self, rest: bytes) -> None:
        """Look at an event whose end is missing."""


class UnknownEnding:
    """Of streams that are not known here: they end when they end."""

    complete = True
    last = False

    def look(self, events: bytes) -> None:
        """Look at some more events."""

    def look_at_rest(self, rest: bytes) -> None:
        """Look at an event whose end is missing."""


def _type_of(line: bytes) -> Any:
    """Return an event's own type: what it quotes, such as the request's metadata, may have a type too."""
    try:
        event = json.loads(line.removeprefix(b"data:"))
    except ValueError:
        return None
    return event.get("type") if isinstance(event, dict) else None


def ending_of(path: str) -> Ending:
    """Return what tells the end of a stream that a path of the API answers with."""
    if _CHAT.search(path):
        return ChatEnding()
    return ResponsesEnding() if _RESPONSES.search(path) else UnknownEnding()


class Lookout:
    """Cuts a stream's bytes into whole events for its ending.

    Args:
        ending: looks at them.
        encoding: the stream's `Content-Encoding`. Of one that is not known here the ending is not known either.
    """

    def __init__(self, ending: Ending, encoding: str = "") -> None:
        self._ending = ending if encoding in ("", "identity", *_ZIPPED) else UnknownEnding()
        self._unzip = zlib.decompressobj(zlib.MAX_WBITS | 32) if encoding in _ZIPPED else None  # 32: either of them
        self._rest = b""

    def look(self, part: bytes) -> bool:
        """Look at some more bytes; return whether it is in them that the stream became complete."""
        before = self._ending.complete
        data = self._rest + self._plain(part)
        end = max(data.rfind(blank) for blank in _BLANK_LINES) + 1  # within the blank line: nothing is lost by that
        self._ending.look(data[:end])
        self._rest = data[end:]
        return self._ending.complete and not before

    def _plain(self, part: bytes) -> bytes:
        if self._unzip is None:
            return part
        try:
            return self._unzip.decompress(part)
        except zlib.error:  # the SDK may read it all the same, or says what is wrong
            self._ending, self._unzip = UnknownEnding(), None
            return b""

    @property
    def last(self) -> bool:
        """Whether the last piece was seen."""
        return self._ending.last

    def cut_off(self) -> bool:
        """Return whether the stream, which has ended now, is incomplete."""
        self._ending.look_at_rest(self._rest)
        return not self._ending.complete
