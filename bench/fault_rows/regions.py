"""A second endpoint, and a new version of the file, while requests run."""

from __future__ import annotations

import itertools
from pathlib import Path

from bench.fault_rows.answers import many, outcome
from bench.fault_rows.sides import Run
from tests.support.fault_server import FaultServer
from tests.support.ledger import Ledger
from tests.support.reloads import reload_under_load

OUTAGE = 60.0  # seconds


def outage(run: Run, count: int) -> str:
    """Requests to one of two endpoints, whose server is killed after a quarter of them."""
    count, numbers = run.count(count, 400), itertools.count()
    with FaultServer() as doomed:
        run.side = run.side.before(doomed.url)

        def kill_once() -> None:
            if next(numbers) == count // 4:
                doomed.kill()

        return outcome(run, many(run, "ask", count, before=kill_once, seconds=OUTAGE))


def reload(run: Run, reloads: int) -> str:
    """A watched file that is written anew while 4 threads ask, each fifth time wrongly."""
    if run.side.name == "plain":
        return "takes no file"
    path, text = Path(run.side.path), Path(run.side.path).read_text()

    def put(name: str) -> None:
        new = path.with_suffix(".new")
        new.touch(mode=0o600)
        line = "  api_kee: none\n" if name == "bad" else f"  default_headers: {{x-version: {name}}}\n"
        new.write_text(text + line)
        new.replace(path)

    put("first")
    ledger = Ledger()
    answered, refused = reload_under_load(path, put, run.count(reloads, 40), 4, ledger)
    return f"{outcome(run, ledger)}; {len(answered)} versions answered, {len(refused)} were refused"
