"""Faults of the network and of frameworks: byoclient beside the plain SDK, in one run, on two versions of openai.

Each figure is taken in a process of its own, against a server in another. Writes bench/faults.md.

    python bench/faults.py [--quick] [--only WORDS]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.fault_rows.table import ALL, ROWS
from tests.support.fault_server import FaultServer

ROOT = Path(__file__).parents[1]
OLDEST = "2.54.0"
SIDES = ("plain", "byoclient")
QUICK = 25  # how many times smaller the counts are
LIMIT = 120.0  # seconds for a figure
QUICK_LIMIT = 20.0
FOREIGN = ("AZURE_", "OPENAI_", "BYOCLIENT_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


def environment_with(openai: str, folder: Path) -> str:
    """Return the Python of a fresh environment with byoclient and this version of openai."""
    venv.create(folder, with_pip=True)
    python = str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    subprocess.run([python, "-m", "pip", "install", "-qq", f"{ROOT}[emulator]", f"openai=={openai}"], check=True)
    return python


def take(python: str, row: str, side: str, mode: str, *, quick: bool) -> str:
    """Return a figure; what hangs is killed, and says so."""
    limit = ALL[row].limit or (QUICK_LIMIT if quick else LIMIT)
    variables = {name: value for name, value in os.environ.items() if not name.upper().startswith(FOREIGN)}
    with FaultServer() as server:
        given = {"row": row, "side": side, "mode": mode, "scale": QUICK if quick else 1}
        given |= {"port": server.port, "control": server.control_port}
        process = subprocess.Popen(
            [python, "-m", "bench.fault_rows", json.dumps(given)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=variables,
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            return f"not ended after {limit:.0f} s"
        finally:
            _kill(process)
    return said.strip().splitlines()[-1] if said.strip() else f"ended with code {process.returncode}"


def _kill(process: subprocess.Popen[str]) -> None:
    """Kill a process and those that it forked."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def table(pythons: dict[str, str], only: str, *, quick: bool) -> Iterator[str]:
    """Yield the lines of the table."""
    newest = list(pythons)[-1]
    columns = [(name, side) for name in pythons for side in SIDES]
    yield "| | | " + " | ".join(f"{side}, openai {name}" for name, side in columns) + " |"
    yield "|---|---|" + "---|" * len(columns)
    for row in ALL:
        for mode in ALL[row].modes if only in row else ():
            cells = [
                take(pythons[name], row, side, mode, quick=quick) if row in ROWS or name == newest else ""
                for name, side in columns
            ]
            yield f"| {row} | {mode} | " + " | ".join(cells) + " |"


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"counts {QUICK} times smaller; writes no file")
    parser.add_argument("--only", default="", help="only rows with these words; writes no file")
    parser.add_argument("--newest", action="store_true", help="only the openai that is installed; writes no file")
    chosen = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        oldest = {} if chosen.newest else {OLDEST: environment_with(OLDEST, Path(folder))}
        for line in table({**oldest, version("openai"): sys.executable}, chosen.only, quick=chosen.quick):
            print(line, flush=True)
            lines.append(line)
    if not (chosen.quick or chosen.only or chosen.newest):
        (ROOT / "bench" / "faults.md").write_text(head() + "\n".join(lines) + "\n")


def head() -> str:
    """Return what stands above the table."""
    return (
        "# Faults of the network and of frameworks\n\n"
        f"`python bench/faults.py`, Python {sys.version.split()[0]}, {os.cpu_count()} cores, the clients' defaults. "
        "Each figure is taken in a process of its\nown, against a server in another process. Lost: sent, and not "
        "answered. Duplicated: executed once more than\nneeded. Crossed: answered with another request's answer. "
        "Silent: a stream that ended without an error though it\nwas not complete. No request is hit more than twice, "
        "since both sides try three times. The plain SDK knows one\nendpoint only, the one that is killed.\n\n"
    )


if __name__ == "__main__":
    main()
