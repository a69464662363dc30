"""Seeing in the bytes of a streamed answer whether it is complete."""

from __future__ import annotations

import re
from typing import Protocol

_BLANK_LINES = (b"\n\n", b"\n\r\n", b"\r\r")
_DONE = re.compile(rb"(?:\A|[\r\n])data:[ \t]*\[DONE\]")
# A quote within text is escaped in JSON, so that these cannot match what a model or a user wrote.
_FINISHED = re.compile(rb'"finish_reason"[ \t]*:[ \t]*"')
_USAGE = re.compile(rb'^(?=.*"choices"[ \t]*:[ \t]*\[[ \t]*\])(?=.*"usage"[ \t]*:[ \t]*\{)', re.M)
_FINAL_EVENT = re.compile(rb'"type"[ \t]*:[ \t]*"(response\.(completed|failed|incomplete)|error)"')
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
        if _FINAL_EVENT.search(events):
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


def ending_of(path: str) -> Ending:
    """Return what tells the end of a stream that a path of the API answers with."""
    if _CHAT.search(path):
        return ChatEnding()
    return ResponsesEnding() if _RESPONSES.search(path) else UnknownEnding()


class Watch:
    """Cuts a stream's bytes into whole events for its ending."""

    def __init__(self, ending: Ending) -> None:
        self._ending = ending
        self._rest = b""

    def look(self, part: bytes) -> bool:
        """Look at some more bytes; return whether it is in them that the stream became complete."""
        before = self._ending.complete
        data = self._rest + part
        end = max(data.rfind(blank) for blank in _BLANK_LINES) + 1  # within the blank line: nothing is lost by that
        self._ending.look(data[:end])
        self._rest = data[end:]
        return self._ending.complete and not before

    @property
    def last(self) -> bool:
        """Whether the last piece was seen."""
        return self._ending.last

    def cut_off(self) -> bool:
        """Return whether the stream, which has ended now, is incomplete."""
        self._ending.look_at_rest(self._rest)
        return not self._ending.complete
