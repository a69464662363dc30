"""What a process holds: open files, threads, tasks, memory. For tests and benchmarks that show that nothing leaks."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

FD_FOLDERS = ("/proc/self/fd", "/dev/fd")
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
MIB = 2**20


def open_fds() -> int:
    """Return how many file descriptors are open."""
    folder = next(folder for folder in FD_FOLDERS if os.path.isdir(folder))
    return len(os.listdir(folder)) - 1  # the one that lists them


def open_sockets() -> int:
    """Return how many of them are sockets."""
    return sum(_target(fd).startswith("socket:") for fd in os.listdir("/proc/self/fd"))


def _target(fd: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        return ""


def tasks() -> int:
    """Return how many tasks of the running event loop have not ended; 0 where none runs."""
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:
        return 0


def rss() -> float:
    """Return the memory that is resident, in MiB; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * PAGE / MIB
    except OSError:
        return 0.0


@dataclass(frozen=True)
class Holdings:
    """What a process holds at a moment.

    Attributes:
        fds: open file descriptors.
        threads: those that have not ended.
        tasks: those of the running event loop that have not ended.
        rss: memory that is resident, in MiB.
        blocks: pieces of memory that Python objects have; a client of openai has some 80.
    """

    fds: int
    threads: int
    tasks: int
    rss: float
    blocks: int

    def since(self, before: Holdings) -> Holdings:
        """Return what has been added since."""
        return Holdings(
            self.fds - before.fds,
            self.threads - before.threads,
            self.tasks - before.tasks,
            self.rss - before.rss,
            self.blocks - before.blocks,
        )


def holdings() -> Holdings:
    """Return what this process holds, after a collection of garbage."""
    gc.collect()
    return Holdings(open_fds(), threading.active_count(), tasks(), rss(), sys.getallocatedblocks())


def growth(work: Callable[[], object]) -> Holdings:
    """Do a piece of work and return what the process holds more than before."""
    before = holdings()
    work()
    return holdings().since(before)
