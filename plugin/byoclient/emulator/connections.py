"""How many connections the emulator has, and had."""

from __future__ import annotations

import threading


class Connections:
    """A thread-safe count of both listeners."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lost = 0
        self._made = 0
        self._forgotten = 0

    def made(self) -> int:
        """Count one that was accepted, and return its number, from 1 on."""
        with self._lock:
            self._made += 1
            return self._made

    def lost(self) -> None:
        """Count one that ended."""
        with self._lock:
            self._lost += 1

    def clear(self) -> None:
        """Begin `opened` at 0 again."""
        with self._lock:
            self._forgotten = self._made

    @property
    def open(self) -> int:
        """How many there are."""
        with self._lock:
            return self._made - self._lost

    @property
    def opened(self) -> int:
        """How many were accepted since `clear()`."""
        with self._lock:
            return self._made - self._forgotten
