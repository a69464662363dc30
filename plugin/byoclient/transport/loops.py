"""Event loops, asyncio's and trio's: which one is running, and work for one from somewhere else."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any


def running_loop() -> Any:
    """Return what tells the running event loop from others: asyncio's loop, or the token of trio's run."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        trio = sys.modules.get("trio")
        if trio is None:
            raise
        return trio.lowlevel.current_trio_token()


def soon(loop: Any, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Let a loop do something, from whatever thread, also from within the garbage collector; errors in it are lost.

    Raises:
        RuntimeError: the loop has ended.
    """

    async def quietly() -> None:
        with suppress(Exception):  # an error in a task of trio's own would end the run
            await work()

    if isinstance(loop, asyncio.AbstractEventLoop):
        loop.call_soon_threadsafe(lambda: loop.create_task(quietly()))
    else:
        loop.run_sync_soon(sys.modules["trio"].lowlevel.spawn_system_task, quietly)
