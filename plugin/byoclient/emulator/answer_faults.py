"""Faults of the OpenAI part's answers, and which requests they hit."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal

from byoclient.emulator.faults import STATUSES, unended
from byoclient.errors import EmulatorError

Reset = Literal["before", "after"]
Cut = Literal["close", "whole", "half", "chunk"]
SPREAD = 2**32  # what a draw is one of


@dataclass(frozen=True, slots=True, eq=False)
class AnswerFault:
    """What is wrong with the answers from now on; by default nothing. `Controls.break_answers` explains each."""

    status: int | tuple[int, ...] | None = None
    retry_after: int | None = None
    retry_after_ms: int | None = None
    drop: bool = False
    reset: Reset | None = None
    hang: bool = False
    slow: float = 0.0
    cut: int | None = None
    cut_by: Cut = "chunk"
    done: bool = True
    finish_reason: bool = True
    ping: float | None = None
    tail: bool = True
    idle_close: bool = False
    rate: float = 1.0
    seed: int = 0
    times: int | None = None
    after: int = 0
    ended: Future[None] = field(default_factory=unended, repr=False)

    def __post_init__(self) -> None:
        if len(self.kinds) > 1:
            raise EmulatorError(f"An answer has one of {' and '.join(self.kinds)}. Give one of them.")
        for status in self.statuses:
            if status not in STATUSES:
                raise EmulatorError(f"status={status} is no error. Give one from 400 to 599.")
        if not self.statuses and (self.retry_after is not None or self.retry_after_ms is not None):
            raise EmulatorError("retry_after is a header of an error. Give a status too.")
        if self.slow < 0 or (self.ping is not None and self.ping <= 0):
            raise EmulatorError("slow and ping are times. Give seconds.")
        if not 0 <= self.rate <= 1:
            raise EmulatorError(f"rate={self.rate} is no share. Give one from 0 to 1.")
        if min(self.cut or 0, self.after, self.times or 0) < 0:
            raise EmulatorError("cut, after and times are counts. Give 0 or more.")

    @property
    def statuses(self) -> tuple[int, ...]:
        """The error statuses; empty where the answer is no error."""
        if self.status is None:
            return ()
        return (self.status,) if isinstance(self.status, int) else tuple(self.status)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names of what is wrong, of those that exclude each other."""
        wrong = {
            "status": bool(self.statuses),
            "drop": self.drop,
            "reset": self.reset is not None,
            "hang": self.hang,
            "cut": self.cut is not None,
            "ping": self.ping is not None,
            "tail": not self.tail,
        }
        return tuple(name for name, given in wrong.items() if given)

    @property
    def headers(self) -> dict[str, str]:
        """What an error says about the next attempt."""
        said = {"Retry-After": self.retry_after, "Retry-After-Ms": self.retry_after_ms}
        return {name: str(value) for name, value in said.items() if value is not None}


NO_FAULT = AnswerFault()


@dataclass(frozen=True, slots=True)
class Hit:
    """One attempt of a request, and what it meets; `chance` is from 0 to `SPREAD`, the same in every run."""

    fault: AnswerFault
    chance: int = 0

    @property
    def status(self) -> int | None:
        """Which of the error statuses."""
        statuses = self.fault.statuses
        return statuses[self.chance % len(statuses)] if statuses else None


class _Aim:
    """Decides which requests a fault hits: by the request and how often it came, not by its place in time."""

    def __init__(self, fault: AnswerFault) -> None:
        self.fault = fault
        self._left = fault.after
        self._seen: Counter[bytes] = Counter()
        self._hits: Counter[bytes] = Counter()
        self._lock = threading.Lock()

    def at(self, key: bytes) -> Hit:
        """Return what one attempt of a request meets."""
        with self._lock:
            return self._counted(key)

    def _counted(self, key: bytes) -> Hit:
        if self._left:
            self._left -= 1
            return Hit(NO_FAULT)
        place, chance = self._draw(key)
        if place >= self.fault.rate * SPREAD or self._hits[key] == self.fault.times:
            return Hit(NO_FAULT)
        self._hits[key] += 1
        return Hit(self.fault, chance)

    def _draw(self, key: bytes) -> tuple[int, int]:
        self._seen[key] += 1
        said = f"{self.fault.seed} {self._seen[key]} ".encode() + key
        digest = hashlib.blake2b(said, digest_size=8).digest()
        return int.from_bytes(digest[:4]), int.from_bytes(digest[4:])


class AnswerFaults:
    """The fault of the moment; any thread may change it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._aim = _Aim(NO_FAULT)

    def change(self, fault: AnswerFault) -> None:
        """Put another fault in place of the current one, and let go those whom that one holds."""
        with self._lock:
            before, self._aim = self._aim, _Aim(fault)
        if before.fault is not NO_FAULT:
            before.fault.ended.set_result(None)

    def hit(self, path: str, body: bytes) -> Hit:
        """Return what a request meets; each call is one more attempt of the same request."""
        aim = self._aim
        if aim.fault is NO_FAULT:
            return Hit(NO_FAULT)
        return aim.at(hashlib.blake2b(path.encode() + body, digest_size=8).digest())
