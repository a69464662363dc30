"""How long it takes to find what is installed, beside what the standard library takes for its entry points.

Cold processes, alternating in one run; each figure is the median of the ratios of neighbours in a round, with the
smallest and the largest as the machine's noise. Writes bench/scan.md.

    python bench/scan.py [rounds]
"""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

COUNTS = (100, 1_000, 10_000)
TIMED = "import sys, time\nsys.path.append(sys.argv[1])\n{imports}\nstart = time.perf_counter()\n{work}\n"
TIMED += "print(time.perf_counter() - start)"
OURS = TIMED.format(
    imports="from byoclient.plugins import CLIENT_PROVIDERS, scan",
    work="assert 'needle' in scan().names(CLIENT_PROVIDERS)",
)
PEER = TIMED.format(
    imports="from importlib.metadata import entry_points",
    work="assert 'needle' in entry_points(group='byoclient.client_providers').names",
)
CONSOLE = "[console_scripts]\nrun{number} = package{number}:main\n"
NEEDLE = "[byoclient.client_providers]\nneedle = needle:client\n"


def install(folder: Path, count: int) -> None:
    """Write distributions; one in three has entry points of its own, and the last a client provider."""
    for number in range(count):
        info = folder / f"package{number}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: package{number}\nVersion: 1.0\n")
        if number % 3 == 0:
            (info / "entry_points.txt").write_text(CONSOLE.format(number=number))
    (info / "entry_points.txt").write_text(NEEDLE)


def seconds(program: str, folder: Path) -> float:
    """Return what a fresh process measured of its own work."""
    command = [sys.executable, "-c", program, str(folder)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def row(count: int, rounds: int, folder: Path) -> str:
    """Return a line of the table."""
    install(folder, count)
    pairs = [(seconds(OURS, folder), seconds(PEER, folder)) for _ in range(rounds + 1)][1:]
    ratios = [ours / peer for ours, peer in pairs]
    ours = statistics.median(ours for ours, _ in pairs) * 1000
    return f"| {count:,} | {statistics.median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} | {ours:.0f} |"


def main() -> None:
    """Measure and write bench/scan.md."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as folder:
        rows = [row(count, rounds, Path(folder, str(count))) for count in COUNTS]
    head = (
        "# Finding what is installed\n\n"
        f"`python bench/scan.py {rounds}`: {rounds} rounds of two cold processes, Python {platform.python_version()}.\n"
        "The range is the machine's noise.\n\n"
        "| distributions | scan / standard library's `entry_points()`, median | min to max | scan, ms |\n"
        "|---|---|---|---|\n"
    )
    Path(__file__).with_suffix(".md").write_text(head + "\n".join(rows) + "\n")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
