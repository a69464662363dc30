"""Whatever a program does with byoclient for long, it holds no more than before: files, threads, tasks, memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest

from byoclient.emulator import Emulator
from tests.support.environment import KEPT_VARIABLES
from tests.support.leaks import Holdings
from tests.yaml_files import azure_file, client_secret

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="what a process holds is not told here")

ROOT = Path(__file__).parents[1]
LOADS = 20  # rounds of a `load()`
ASKS = 60  # rounds of requests of the same clients
MOST_RSS = 0.5  # MiB, of all rounds together; a client that is kept in each takes 0.8
MOST_BLOCKS = 30  # of each round; a client has some 80, and azure-core keeps 10 of each credential
END = "-----END CERTIFICATE-----\n"
ROUNDS = {
    "loads_of_one_file": LOADS,
    "loads_that_nobody_closes": LOADS,
    "loads_with_other_options": LOADS,
    "loads_with_renewed_certificates": LOADS,
    "loads_that_sign_in": LOADS,
    "reloads": LOADS,
    "changes_of_a_watched_file": LOADS,
    "failovers": LOADS,
    "streams_left_early": ASKS,
    "async_streams_left_early": ASKS,
    "streams_that_nobody_reads": ASKS,
    "async_streams_that_nobody_reads": ASKS,
    "cancelled_requests": ASKS,
    "broken_answers": ASKS,
    "async_broken_answers": ASKS,
    "event_loops": ASKS,
    "threads": ASKS,
    "forks": 5,
}


class Program:
    """The process that is measured.

    Args:
        folder: where its files are.
        signed: the one whose clients sign in.
    """

    def __init__(self, folder: Path, signed: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.leak_program", str(folder), str(signed)],
            env={name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def measure(self, work: str, rounds: int) -> tuple[Holdings, Holdings]:
        """Return what a work added in the course of its rounds, and what was left at its end; nothing may warn."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(work, rounds, file=self._process.stdin, flush=True)
        said = json.loads(self._process.stdout.readline())
        assert isinstance(said, dict), said
        assert said["warned"] == []
        return Holdings(**said["grown"]), Holdings(**said["left"])

    def close(self) -> None:
        """End it."""
        self._process.communicate()


@pytest.fixture(scope="module")
def program(shared_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """One for this file."""
    shared_emulator.mend()
    folder = tmp_path_factory.mktemp("leaks")
    (folder / "ca.pem").write_text(END.join(Path(certifi.where()).read_text().split(END)[:30]) + END)
    signed = folder / "signed.yaml"
    signed.write_text(azure_file(shared_emulator, client_secret(shared_emulator)))
    signed.chmod(0o600)
    started = Program(folder, signed)
    yield started
    started.close()


@pytest.mark.parametrize("work", ROUNDS)
def test_nothing_is_left(work: str, program: Program, emulator: Emulator) -> None:
    """Of each work, as `tests/support/leak_rounds.py` describes it, while it goes on and when it has ended."""
    grown, left = program.measure(work, ROUNDS[work])

    assert (grown.fds, grown.threads, grown.tasks) == (0, 0, 0)
    assert (left.fds, left.threads, left.tasks) == (0, 0, 0)
    assert grown.rss < MOST_RSS
    assert grown.blocks < MOST_BLOCKS * ROUNDS[work]


def test_a_client_that_is_kept_in_each_round_is_seen(program: Program) -> None:
    """Or the bounds would say nothing."""
    grown, _ = program.measure("keeps_each_client", LOADS)

    assert grown.rss > MOST_RSS
    assert grown.blocks > 2 * MOST_BLOCKS * LOADS


def test_a_stream_that_is_kept_in_each_round_is_seen(program: Program) -> None:
    """With its connection, and its task where it has one."""
    grown, left = program.measure("keeps_each_stream", LOADS)

    assert grown.fds == LOADS
    assert left.fds == 0
