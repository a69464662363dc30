"""Telling where somebody else's code hangs.

Python cannot end a thread, and an import in another thread than the caller's breaks what belongs to the caller: signal
handlers, event loops, thread-local state. So the code runs where it was called, and a watcher beside it says where it
stands: as a warning of the logger `byoclient` after half a minute, then each time that the time doubled, and as a note
on the KeyboardInterrupt with which somebody gives up.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

PATIENCE = 30.0
"""Seconds until the first warning."""

_MACHINERY = ("<frozen ", "<string>")


@contextmanager
def watched(doing: str) -> Iterator[None]:
    """Tell where the code within stands, when it takes long or is interrupted.

    Args:
        doing: what it does, such as `importing 'acme'`.
    """
    watcher = _Watcher(doing, threading.get_ident())
    with suppress(RuntimeError):  # no further thread can be had
        watcher.start()
    try:
        yield
    except KeyboardInterrupt as error:
        error.add_note(f"Interrupted while {doing}, {_innermost(error)}.")
        raise
    finally:
        watcher.done.set()


class _Watcher(threading.Thread):
    def __init__(self, doing: str, thread: int) -> None:
        super().__init__(name="byoclient-watcher", daemon=True)
        self.doing, self.thread, self.done = doing, thread, threading.Event()

    def run(self) -> None:
        """Warn again and again until it is done."""
        waited = 0.0
        while not self.done.wait(waited or PATIENCE):
            waited = 2 * waited or PATIENCE
            where = where_is(self.thread)
            logging.getLogger("byoclient").warning("%s takes longer than %.0f s: %s", self.doing, waited, where)


def where_is(thread: int) -> str:
    """Return where a thread stands, as `at /x/acme.py:12 in connect`.

    Args:
        thread: its identifier, as of `threading.get_ident()`.
    """
    return _place(sys._current_frames().get(thread))


def _innermost(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return _place(trace.tb_frame if trace else None)


def _place(frame: FrameType | None) -> str:
    while frame is not None and frame.f_code.co_filename.startswith(_MACHINERY):
        frame = frame.f_back
    if frame is None:
        return "at a place that is not known"
    return f"at {frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
