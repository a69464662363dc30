"""Waiting for another thread without taking its time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

PATIENCE = 60.0  # seconds


def until(condition: Callable[[], object]) -> None:
    """Wait until something is so, or fail; a loop that only asks would hold the interpreter's lock."""
    pause, end = threading.Event(), time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        pause.wait(0.001)
