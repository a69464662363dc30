"""How long a process takes to start with byoclient, beside what it would be without.

Whole processes, alternating in one run; each figure is the median of the ratios of neighbours in a round, with the
smallest and the largest as the machine's noise. Writes bench/start.md.

    python bench/start.py [rounds]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from byoclient.emulator import Emulator

ROOT = Path(__file__).parents[1]
FILE = """\
model: gpt-4o
client_provider: azure_openai
async_client_provider: azure_openai
options:
  azure_endpoint: {url}
  api_version: 2024-10-21
  credential: {{kind: managed_identity}}
"""
PLAIN = """
from azure.identity import ManagedIdentityCredential, get_bearer_token_provider
from openai import AzureOpenAI
client = AzureOpenAI(
    azure_endpoint={url!r},
    api_version="2024-10-21",
    azure_ad_token_provider=get_bearer_token_provider(
        ManagedIdentityCredential(), "https://cognitiveservices.azure.com/.default"
    ),
)
print(client.chat.completions.create(model="gpt-4o", messages=[{{"role": "user", "content": "x"}}]).choices)
"""
OURS = """
import byoclient
client = byoclient.load({file!r}).client()
print(client.chat.completions.create(model="gpt-4o", messages=[{{"role": "user", "content": "x"}}]).choices)
"""


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """Return the wall time of a process that has to succeed."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - start


def ratios(ours: list[str], peer: list[str], rounds: int, environment: dict[str, str]) -> list[float]:
    """Return ours / peer for each round, after one round to warm up."""
    pairs = [(seconds(ours, environment), seconds(peer, environment)) for _ in range(rounds + 1)]
    return [mine / other for mine, other in pairs[1:]]


def row(name: str, found: list[float], limit: float) -> str:
    """Return a line of the table."""
    return f"| {name} | {statistics.median(found):.2f} | {min(found):.2f} to {max(found):.2f} | ≤ {limit:.2f} |"


def measure(rounds: int, folder: Path) -> list[str]:
    """Return the lines of the table."""
    with Emulator() as emulator:
        return _table(rounds, folder, emulator)


def _table(rounds: int, folder: Path, emulator: Emulator) -> list[str]:
    url = emulator.url
    environment = {**os.environ, **emulator.identity_environment}
    file = folder / "llm.yaml"
    file.write_text(FILE.format(url=url))
    python = [sys.executable, "-c"]
    openai = [*python, "import openai"]
    load = [*python, f"import byoclient; byoclient.load({str(file)!r})"]
    check = [str(Path(sys.executable).parent / "byoclient"), "check", str(file)]
    plain = [*python, PLAIN.format(url=url)]
    ours = [*python, OURS.format(file=str(file))]
    return [
        "| whole process | ratio, median | min to max | promise |",
        "|---|---|---|---|",
        row("`import byoclient` + `load()` / `import openai`", ratios(load, openai, rounds, environment), 0.40),
        row("`byoclient check` / `import openai`", ratios(check, openai, rounds, environment), 0.45),
        row(
            "first response, managed identity: byoclient / openai + azure-identity",
            ratios(ours, plain, rounds, environment),
            1.05,
        ),
    ]


def main() -> None:
    """Measure, print and write the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as folder:
        table = "\n".join(measure(rounds, Path(folder)))
    text = (
        "# Start of a process\n\n"
        f"`python bench/start.py {rounds}`: {rounds} rounds, Python {sys.version.split()[0]}, {os.cpu_count()} cores, "
        "the two of a pair alternating.\nThe range is the machine's noise.\n\n"
        f"{table}\n"
    )
    (ROOT / "bench" / "start.md").write_text(text)
    print(text, end="")


if __name__ == "__main__":
    main()
