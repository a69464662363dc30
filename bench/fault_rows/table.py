"""The rows of the table: what each one is called, and who takes its figure."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.fault_rows.answers import PATIENCE, faulty, keep_alives_alone
from bench.fault_rows.leaks import BUDGET, cancels, left_early, made_and_closed
from bench.fault_rows.processes import fork, live_loops, loops
from bench.fault_rows.regions import OUTAGE, outage, reload
from bench.fault_rows.sides import Run
from bench.fault_rows.streams import cut, stop_at_last_chunk

STATUSES = (408, 409, 429, 500, 502, 503)


def langroid(name: str) -> Callable[..., str]:
    """Return a figure of frameworks.py, which imports Langroid."""

    def figure(run: Run) -> str:
        found: str = getattr(importlib.import_module("bench.fault_rows.frameworks"), name)(run)
        return found

    return figure


BOTH, SYNC, ASYNC = ("sync", "async"), ("sync",), ("async",)


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        take: returns the figure of a run.
        modes: sync, async or both.
        limit: seconds after which it counts as hanging; None for the limit of all.
    """

    take: Callable[[Run], str]
    modes: tuple[str, ...]
    limit: float | None


def row(
    function: Callable[..., str], *more: Any, modes: tuple[str, ...] = BOTH, limit: float | None = None, **named: Any
) -> Row:
    """Return a row of a function, with what it is called with."""
    return Row(lambda run: function(run, *more, **named), modes, limit)


WAYS = {
    "close": "by `connection: close`",
    "whole": "by a clean end between events",
    "half": "by a clean end anywhere",
    "chunk": "without the last chunk",
}
ROWS: dict[str, Row] = {
    "10,000 requests, 10% of them get 408, 409, 429, 5xx": row(faulty, 10_000, status=STATUSES, retry_after_ms=20),
    "2,000 requests, 10% reset before the headers": row(faulty, 2_000, reset="before"),
    "2,000 requests, 10% reset after the headers": row(faulty, 2_000, reset="after"),
    "2,000 requests, 10% dropped": row(faulty, 2_000, drop=True),
    "2,000 requests, 10% with the connection closed behind the answer": row(faulty, 2_000, idle_close=True),
    **{f"1,000 chat streams cut {said}": row(cut, "stream", way, 1_000) for way, said in WAYS.items()},
    **{f"1,000 responses streams cut {said}": row(cut, "stream_response", way, 1_000) for way, said in WAYS.items()},
    f"10,000 requests, in {OUTAGE:.0f} s at most, one of two endpoints is killed on the way": row(outage, 10_000),
    "1,000 new versions of the file under load, 200 of them wrong": row(reload, 1_000, modes=SYNC),
    "50 event loops one after the other, 4 calls each": row(loops, 50, modes=ASYNC),
    "4 event loops at once, 400 calls each": row(live_loops, 100, modes=ASYNC),
    "fork, 60 rounds of 4 processes and their parent": row(fork, 60),
    "10,000 random cancels": row(cancels, 10_000, modes=ASYNC),
    "2,000 streams left at their first chunk": row(left_early, 2_000, modes=SYNC),
    "100 streams left at their finish reason, the last chunk": row(stop_at_last_chunk, 100, usage=False),
    "100 streams left at their usage, the last chunk": row(stop_at_last_chunk, 100, usage=True),
    f"keep-alives alone, {PATIENCE:.0f} s allowed": row(keep_alives_alone, limit=20),
    f"10,000 clients made and closed, in {BUDGET:.0f} s at most": row(made_and_closed, 10_000, limit=60),
}
LANGROID_ROWS: dict[str, Row] = {
    "Langroid: 20 agents ask": row(langroid("agents")),
    "Langroid: 100 streamed answers": row(langroid("streams")),
    "Langroid: two batches, each in an event loop of its own": row(langroid("batches"), modes=ASYNC),
}
ALL = {**ROWS, **LANGROID_ROWS}
