"""Tokens under concurrency and failure: byoclient beside plain openai + azure-identity, on two versions of openai.

Each figure is taken in a fresh process, against an emulator in this one. Makes a virtual environment for the older
openai in a temporary folder, and writes bench/identity.md; takes about five minutes.

    python bench/identity.py
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import venv
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from byoclient.emulator import Emulator

ROOT = Path(__file__).parents[1]
OLD = "2.54.0"
LIMIT = 90.0  # seconds for one figure
WHERE = ("url", "tls_url", "ca_file", "tenant_id", "client_id", "client_secret")


@dataclass(frozen=True)
class Row:
    """A row of the table, and how its figure is taken."""

    label: str
    figure: str
    kind: str = "managed_identity"
    arguments: tuple[str, ...] = ()


COLD = "token requests, 64 threads + 64 tasks cold, 8 clients of one identity"
OUTAGE = "10,000 calls, as many as 5 s allow, token valid, while the token endpoint "
REVOKED = "64 concurrent requests with a revoked token: answered / token requests"
SECRET = "; client secret over https"
ROWS = (
    Row(COLD, "cold"),
    Row(COLD + SECRET, "cold", "client_secret"),
    Row(OUTAGE + "answers 503", "outage", arguments=("503",)),
    Row(OUTAGE + "drops connections", "outage", arguments=("drop",)),
    Row(OUTAGE + "hangs", "outage", arguments=("hang",)),
    Row(OUTAGE + "hangs" + SECRET, "outage", "client_secret", ("hang",)),
    Row("cold outage (dropped connections), 64 threads", "cold_outage"),
    Row("cold outage (dropped connections), tasks", "cold_outage_async"),
    Row(REVOKED, "revoked"),
    Row(REVOKED + SECRET, "revoked", "client_secret"),
    Row("longest stall of the event loop with a 1 s token endpoint, sync credential", "stall"),
    Row("token life 200 s, 20 calls: token requests", "short_life"),
    Row("one call with a token at hand", "cached"),
)


def take(python: str, side: str, row: Row) -> str:
    """Return a figure, doing to an emulator what the process asks for."""
    with Emulator() as emulator:
        where = {name: getattr(emulator, name) for name in WHERE}
        asked = {"side": side, "kind": row.kind, "figure": row.figure, "arguments": row.arguments, "where": where}
        with subprocess.Popen(
            [python, "-m", "bench.identity_figures", json.dumps(asked)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            env={**os.environ, **emulator.identity_environment},
        ) as process:
            limit = threading.Timer(LIMIT, process.kill)
            limit.start()
            try:
                return _served(process, emulator)
            finally:
                limit.cancel()
                process.kill()


def _served(process: subprocess.Popen[str], emulator: Emulator) -> str:
    assert process.stdin
    assert process.stdout
    for line in process.stdout:
        message: dict[str, Any] = json.loads(line)
        if "found" in message:
            return str(message["found"])
        found = getattr(emulator, message["name"])
        answer = found(**message["arguments"]) if callable(found) else found
        process.stdin.write(json.dumps(answer) + "\n")
        process.stdin.flush()
    return f"not ended after {LIMIT:.0f} s"


def old_python(folder: str) -> str:
    """Return the Python of a new environment with this byoclient and the older openai."""
    venv.create(folder, with_pip=True)
    python = str(Path(folder, "Scripts/python.exe" if os.name == "nt" else "bin/python"))
    same = [f"{name}=={importlib.metadata.version(name)}" for name in ("azure-identity", "aiohttp")]
    subprocess.run([python, "-m", "pip", "install", "-q", str(ROOT), f"openai=={OLD}", *same], check=True)
    return python


def main() -> None:
    """Measure, print and write the table."""
    started = time.monotonic()
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        pythons = (sys.executable, old_python(folder))
        columns = [(python, side) for python in pythons for side in ("plain", "byoclient")]
        for row in ROWS:
            lines.append(f"| {row.label} | {' | '.join(taken_by(columns, row))} |")
            print(lines[-1], flush=True)
    (ROOT / "bench" / "identity.md").write_text(_page(lines))
    print(f"{time.monotonic() - started:.0f} s")


def taken_by(columns: list[tuple[str, str]], row: Row) -> list[str]:
    """Return the cells of a row; those that mostly wait for a token to grow old are taken at the same time."""
    with ThreadPoolExecutor(len(columns) if row.figure == "outage" else 1) as pool:
        return list(pool.map(lambda column: take(column[0], column[1], row), columns))


def _page(lines: list[str]) -> str:
    versions = (importlib.metadata.version("openai"), OLD)
    columns = [f"openai {version}, {side}" for version in versions for side in ("plain", "byoclient")]
    return (
        "# Tokens under concurrency and failure\n\n"
        f"`python bench/identity.py`, Python {sys.version.split()[0]}, azure-identity "
        f"{importlib.metadata.version('azure-identity')}, {os.cpu_count()} cores. A managed identity of the emulator "
        "where nothing\nelse is said, each figure in a process of its own; sync, then async where there is both. One "
        "attempt of byoclient is\nup to two requests. The plain side of the async cold outage has 4 waiters, since "
        "they fail one after the other.\n\n"
        f"| | {' | '.join(columns)} |\n|---|---|---|---|---|\n" + "\n".join(lines) + "\n"
    )


if __name__ == "__main__":
    main()
