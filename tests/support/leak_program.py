"""A process that does pieces of work over and over, and says what it holds more than before; its server is another one.

It reads the name of a work and a number of rounds from each line of standard input, and prints a JSON object for it.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import os
import sys
import threading
import time
import traceback
import warnings
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from byoclient.transport import shared
from tests.support import leak_rounds
from tests.support.fault_server import FaultServer
from tests.support.leaks import Holdings, holdings, tasks

FIRST = 10  # rounds in which comes what is imported and kept on purpose
PATIENCE = 5.0  # seconds for what ends in the background


class Rounds:
    """The numbers of the rounds.

    Args:
        count: how many are measured, after the first ones.

    Attributes:
        grown: what the process holds more after them than before.
    """

    def __init__(self, count: int) -> None:
        self._numbers = range(FIRST + count)
        self.grown: Holdings | None = None

    def __iter__(self) -> Iterator[int]:
        for number in self._numbers:
            if number == FIRST:
                before = holdings()
            yield number
            gc.collect()  # or memory is as large as what has gathered since the last one, which is never the same
        self.grown = holdings().since(before)

    async def __aiter__(self) -> AsyncIterator[int]:
        for number in self._numbers:
            if number == FIRST:
                await settled()
                before = holdings()
            yield number
            gc.collect()
        await settled()
        self.grown = holdings().since(before)


async def settled() -> None:
    """Wait for what is closed in the background, since nobody holds it any more."""
    for _ in range(2):  # what the first clients leave behind goes with the second collection
        gc.collect()
        await asyncio.sleep(0)
        while shared._ending or tasks() > 1:
            await asyncio.sleep(0)
        await asyncio.sleep(0)  # asyncio closes a socket one step later
    for thread in threading.enumerate():
        if thread.name == "byoclient-token":
            thread.join()


def noted_warnings() -> list[str]:
    """Return a list that fills with what is warned of: sockets that nobody closed, coroutines that nobody awaited."""
    warned: list[str] = []
    warnings.simplefilter("error")
    sys.unraisablehook = lambda raised: warned.append(repr(raised.exc_value))
    return warned


def measured(work: Any, count: int, place: leak_rounds.Place) -> dict[str, Any]:
    """Do a work and return what it left: in the course of its rounds, and after its end."""
    rounds, warned = Rounds(count), noted_warnings()
    if inspect.iscoroutinefunction(work):
        left = asyncio.run(_async_left_of(work, rounds, place))
    else:
        left = _left_of(work, rounds, place)
    assert rounds.grown is not None
    return {"grown": asdict(rounds.grown), "left": asdict(left), "warned": warned}


def _left_of(work: Any, rounds: Rounds, place: leak_rounds.Place) -> Holdings:
    before = holdings()
    work(rounds, place)
    deadline = time.monotonic() + PATIENCE
    while not _is_nothing(left := holdings().since(before)) and time.monotonic() < deadline:
        threading.Event().wait(0.001)
    return left


async def _async_left_of(work: Any, rounds: Rounds, place: leak_rounds.Place) -> Holdings:
    await asyncio.to_thread(int)  # openai does so too, and the loop keeps the thread
    before = holdings()
    await work(rounds, place)
    deadline = time.monotonic() + PATIENCE
    while not _is_nothing(left := holdings().since(before)) and time.monotonic() < deadline:
        await asyncio.sleep(0)
    return left


def _is_nothing(left: Holdings) -> bool:
    return (left.fds, left.threads, left.tasks) == (0, 0, 0)


def in_a_child(name: str, count: int, place: leak_rounds.Place) -> None:
    """Do a work in a process whose memory no other work has used, and print what it left, or what it raised."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        said: Any = measured(getattr(leak_rounds, name), count, place)
    except BaseException:
        said = traceback.format_exc()
    print(json.dumps(said), flush=True)
    os._exit(0)


def main(folder: Path, signed: Path) -> None:
    """Serve until standard input ends."""
    with FaultServer() as server:
        place = leak_rounds.Place(folder, server, signed)
        measured(leak_rounds.loads_of_one_file, 1, place)
        gc.collect()
        gc.freeze()  # what was imported makes no collection longer
        for line in sys.stdin:
            name, count = line.split()
            in_a_child(name, int(count), place)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
