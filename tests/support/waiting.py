"""Waiting for another thread without taking its time."""

from __future__ import annotations

import threading
from collections.abc import Callable


def until(condition: Callable[[], object]) -> None:
    """Wait until something is so; a loop that only asks would hold the interpreter's lock."""
    pause = threading.Event()
    while not condition():
        pause.wait(0.001)
