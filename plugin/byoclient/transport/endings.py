"""Seeing in the bytes of a streamed answer whether it is complete."""

from __future__ import annotations

import re
from typing import Protocol

_DONE = re.compile(rb"^data:[ \t]*\[DONE\]", re.M)
# A quote within text is escaped in JSON, so that these cannot match what a model or a user wrote.
_FINISHED = re.compile(rb'"finish_reason"[ \t]*:[ \t]*"')
_USAGE = re.compile(rb'^(?=.*"choices"[ \t]*:[ \t]*\[[ \t]*\])(?=.*"usage"[ \t]*:[ \t]*\{)', re.M)
_FINAL_EVENT = re.compile(rb'"type"[ \t]*:[ \t]*"(response\.(completed|failed|incomplete)|error)"')
_CHAT = re.compile(r"/completions$")
_RESPONSES = re.compile(r"/responses(/[^/]+)?$")


class Ending(Protocol):
    """Looks for the end in whole lines."""

    complete: bool
    """Whether enough was seen to believe that nothing is missing."""

    def last(self, lines: bytes) -> bool:
        """Look at some more lines; return whether the answer's last piece was among them."""


class ChatEnding:
    """Of chat and legacy completions: `[DONE]`, or a `finish_reason` of some choice.

    The last piece is `[DONE]` or the usage, at which some readers stop: nothing but `[DONE]` comes after it.
    """

    def __init__(self) -> None:
        self.complete = False

    def last(self, lines: bytes) -> bool:
        """Look at some more lines."""
        if _DONE.search(lines):
            self.complete = True
            return True
        if not self.complete and _FINISHED.search(lines):
            self.complete = True
        return b'"usage"' in lines and self.complete and _USAGE.search(lines) is not None


class ResponsesEnding:
    """Of the Responses API: one of its final events."""

    def __init__(self) -> None:
        self.complete = False

    def last(self, lines: bytes) -> bool:
        """Look at some more lines."""
        if _FINAL_EVENT.search(lines):
            self.complete = True
        return self.complete


class UnknownEnding:
    """Of streams that are not known here: they end when they end."""

    complete = True

    def last(self, lines: bytes) -> bool:
        """Look at some more lines."""
        return False


def ending_of(path: str) -> Ending:
    """Return what tells the end of a stream that a path of the API answers with."""
    if _CHAT.search(path):
        return ChatEnding()
    return ResponsesEnding() if _RESPONSES.search(path) else UnknownEnding()


class Watch:
    """Cuts a stream's bytes into whole lines for its ending."""

    def __init__(self, ending: Ending) -> None:
        self._ending = ending
        self._rest = b""

    def last(self, part: bytes) -> bool:
        """Look at some more bytes; return whether the answer's last piece is complete."""
        head, end, self._rest = (self._rest + part).rpartition(b"\n")
        return bool(end) and self._ending.last(head)

    def cut_off(self) -> bool:
        """Return whether the stream, which has ended now, is incomplete."""
        if self._rest:
            self._ending.last(self._rest)
        return not self._ending.complete
