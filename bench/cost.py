"""What a request and a client cost: byoclient beside the plain SDK, alternating in one run. Writes bench/cost.md.

    python bench/cost.py 7

Each figure is taken in a process of its own, against a lean server in another one: the least of eight parts, which is
the one that other work on the machine disturbed least.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.fault_server import API_KEY, FILE, FaultServer  # noqa: E402  (found through the line above)

COMMON = """\
import asyncio, gc, json, sys, time
MESSAGES = [{{"role": "user", "content": "x"}}]
def plain(kind):
    import openai
    return getattr(openai, kind)(azure_endpoint={url!r}, api_key={key!r}, api_version="2025-04-01-preview")
def ours(kind):
    import byoclient
    clients = byoclient.load({file!r})
    return clients.client() if kind == "AzureOpenAI" else clients.async_client()
make = {side}
"""
SYNC = """\
create = make("AzureOpenAI").chat.completions.create
def work(count):
    for _ in range(count):
        create(model="gpt-4o", messages=MESSAGES)
work(30)
parts = []
for _ in range({parts}):
    began, cpu = time.perf_counter(), time.process_time()
    work({count} // {parts})
    parts.append([time.process_time() - cpu, time.perf_counter() - began])
print(json.dumps([min(part) for part in zip(*parts)]))
"""
ASYNC = """\
create = make("AsyncAzureOpenAI").chat.completions.create
async def worker(count):
    for _ in range(count):
        await create(model="gpt-4o", messages=MESSAGES)
async def work(count):
    await asyncio.gather(*(worker(count // {workers}) for _ in range({workers})))
async def main():
    await work(2 * {workers})
    parts = []
    for _ in range({parts}):
        began, cpu = time.perf_counter(), time.process_time()
        await work({count} // {parts})
        parts.append([time.process_time() - cpu, time.perf_counter() - began])
    print(json.dumps([min(part) for part in zip(*parts)]))
asyncio.run(main())
"""
# What is read from the file once is no part of a client's cost: its plan is built anew for each.
CLIENTS = """\
import resource
from pathlib import Path
def rss():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
if make is ours:
    import byoclient
    loaded = [byoclient.load({file!r}) for _ in range({count} + 1)]
    makers = [each.client for each in loaded]
else:
    makers = [lambda: plain("AzureOpenAI")] * ({count} + 1)
kept = [makers[0]()]
gc.collect()
before, began = rss(), time.perf_counter()
kept += [maker() for maker in makers[1:]]
took = time.perf_counter() - began
print(json.dumps([took / {count} * 1000, rss() - before]))
"""


@dataclass(frozen=True)
class Figure:
    """What is measured.

    Attributes:
        name: in the table.
        code: prints two numbers.
        which: which of them counts.
        values: what the code is filled with.
    """

    name: str
    code: str
    which: int
    values: dict[str, int]


REQUESTS = (
    Figure("CPU of a request, one at a time, sync", SYNC, 0, {"count": 2000, "parts": 8}),
    Figure("CPU of a request, 16 at once, async", ASYNC, 0, {"count": 3200, "workers": 16, "parts": 8}),
    Figure("time of 1,024 requests, 256 at once, async", ASYNC, 1, {"count": 8192, "workers": 256, "parts": 8}),
)
CLIENT = Figure("second and later clients, ms each", CLIENTS, 0, {"count": 100})
MEMORY = Figure("1,000 more clients, MiB", CLIENTS, 1, {"count": 1000})


def take(figure: Figure, side: str, url: str, file: str) -> float:
    """Return one figure of one side, from a process of its own."""
    code = (COMMON + figure.code).format(url=url, key=API_KEY, file=file, side=side, **figure.values)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    found: list[float] = json.loads(done.stdout)
    return found[figure.which]


def rows(rounds: int, url: str, file: str) -> list[str]:
    """Return the lines of the table."""
    lines = ["| | plain / byoclient, median | min to max | promise |", "|---|---|---|---|"]
    for figure, promise in zip(REQUESTS, ("≥ 0.95", "≥ 0.95", "≥ 1.50"), strict=True):
        pairs: list[Any] = [[take(figure, side, url, file) for side in ("plain", "ours")] for _ in range(rounds + 1)]
        ratios = [plain / ours for plain, ours in pairs[1:]]
        lines.append(
            f"| {figure.name} | {statistics.median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} | {promise} |"
        )
    lines += ["", "| | plain | byoclient | promise |", "|---|---|---|---|"]
    for figure, promise in ((CLIENT, "≤ 1 ms"), (MEMORY, "≤ 10 MiB")):
        plain, ours = (take(figure, side, url, file) for side in ("plain", "ours"))
        lines.append(f"| {figure.name} | {plain:.2f} | {ours:.2f} | {promise} |")
    return lines


def main() -> None:
    """Measure, print and write the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    os.umask(0o077)  # the file holds a key
    with tempfile.TemporaryDirectory() as folder, FaultServer() as server:
        file = Path(folder, "llm.yaml")
        file.write_text(FILE.format(url=server.url, key=API_KEY))
        table = "\n".join(rows(rounds, server.url, str(file)))
    text = (
        "# Requests and clients\n\n"
        f"`python bench/cost.py {rounds}`: {rounds} rounds, Python {sys.version.split()[0]}, {os.cpu_count()} cores, "
        "the two of a pair alternating,\nthe least of eight parts of each. The range is the machine's noise. "
        "Above 1, byoclient is the cheaper one.\n\n"
        f"{table}\n"
    )
    (ROOT / "bench" / "cost.md").write_text(text)
    print(text, end="")


if __name__ == "__main__":
    main()
