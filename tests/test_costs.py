"""What a file can cost: a bounded number of steps and of bytes, whatever it says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

import byoclient
from byoclient.emulator import Emulator
from byoclient.errors import MOST_ERRORS
from byoclient.plugins import CLIENT_PROVIDERS, Catalogue, scan
from tests.conftest import Write
from tests.support.installed import install, point
from tests.support.memory import PEAK

AZURE = (
    "model: x\nclient_provider: azure_openai\noptions:\n  azure_endpoint: https://x.openai.azure.com\n"
    "  api_version: v1\n"
)
OPENAI = "model: x\nclient_provider: openai\noptions: "
LINE = "\n"
UNSET, UNREADABLE = "k%d: '${AZURE_NONE}'", "k%d: '${NO}'"
BIG = "q%d: '" + "${AZURE_BIG}" * 5 + "'"
ODD = "'x %d': 'y/%d'"
ASSERTION = "{kind: client_assertion, tenant_id: x, client_id: y, func: 'acme:f%d'}"


def many(text: str, count: int, joint: str = ", ") -> str:
    return joint.join(text.replace("%d", str(number)) for number in range(count))


def chain(member: str, count: int) -> str:
    return f"{AZURE}  credential: {{kind: chain, credentials: [{many(member, count)}]}}\n"


# Each within the limits of the reader: 256 KiB and 10,000 values.
HOSTILE = {
    "variables that are not set": f"{OPENAI}{{{many(UNSET, 4900)}}}\n",
    "variables that may not be read": f"{OPENAI}{{{many(UNREADABLE, 4900)}}}\n",
    "variables in keys that do not exist": f"model: x\n{many('k%d: ${A}', 4900, LINE)}\n",
    "a variable again and again": f"{OPENAI}{{default_query: {{{many(BIG, 3000)}}}}}\n",
    "a variable by env, again and again": f"{OPENAI}{{default_query: {{{many('q%d: {env: AZURE_BIG}', 2400)}}}}}\n",
    "keys that do not exist": f"{AZURE}  {many('azure_endpoin%d: 1', 4900, LINE + '  ')}\n",
    "keys of a credential that do not exist": f"{AZURE}  credential: {{kind: default, {many('k%d: 1', 4900)}}}\n",
    "sources that do not exist": f"{AZURE}  default_headers: {{{many('x%d: {fil: y}', 2400)}}}\n",
    "headers that are none": f"{AZURE}  api_key: k\n  default_headers: {{{many(ODD, 4900)}}}\n",
    "functions of client assertions": chain(ASSERTION, 1000),
    "kinds that do not exist": chain("{kind: clint_secret}", 3000),
    "endpoints": f"{OPENAI}{{endpoints: [{many('{base_url: https://localhost, api_key: k%d}', 1400)}]}}\n",
    "wrong endpoints": f"{OPENAI}{{endpoints: [{many('{base_ur: x, apikey: k}', 1900)}]}}\n",
    "adapters that do not exist": f"{OPENAI}{{api_key: k}}\nadapters: {{{many('langroi%d: {}', 4900)}}}\n",
    "settings that do not exist": f"{OPENAI}{{api_key: k}}\nadapters: {{langroid: {{{many('mode%d: 1', 4900)}}}}}\n",
    "literal secrets": f"{AZURE}  api_key: k\n  default_headers: {{{many('key%d: secret%d', 4900)}}}\n",
    "LLMs beside others": f"llms: {{}}\n{many('k%d: 1', 4900, LINE)}\n",
}
MOST_STEPS = 3_000_000  # calls of functions: about a second


class TooManyError(BaseException):
    """Nothing on the way catches it."""


def steps(work: Callable[[], object], name: str | None = None) -> int:
    """Return how many functions some work calls, or how often it calls that of one name."""
    count = 0

    def profile(frame: FrameType, event: str, function: object) -> None:
        nonlocal count
        if event in ("call", "c_call") and name in (None, getattr(function, "__name__", "")):
            count += 1
        if count > MOST_STEPS:
            sys.setprofile(None)
            raise TooManyError

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def load(path: str) -> str:
    """Load a file, and return what is wrong with it."""
    try:
        byoclient.load(path)
    except byoclient.ConfigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", HOSTILE)
def test_no_file_costs_more_than_a_bounded_number_of_steps(
    name: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many wrong keys, variables, references or endpoints it holds."""
    monkeypatch.setenv("AZURE_BIG", "x" * 100_000)
    path = write(HOSTILE[name])
    if name == "literal secrets":
        os.chmod(path, 0o644)
    said: list[str] = []
    assert 0 < steps(lambda: said.append(load(path))) < MOST_STEPS
    assert "not YAML" not in said[0]  # it came past the reader
    assert "too much" not in said[0]


MEASURE = f"""{PEAK}
from contextlib import suppress
from pathlib import Path
import byoclient
*files, warm = sorted(Path(sys.argv[1]).iterdir())
for index, path in enumerate([warm, *files]):
    with suppress(byoclient.ConfigError):
        byoclient.load(path)
    before = before if index else peak()
print(peak() - before)
"""


def test_no_file_takes_more_than_64_mib(tmp_path: Path) -> None:
    """All of them one after the other, in a process whose peak is measured."""
    warm = chain(ASSERTION, 1) + "adapters: {langroid: {}, nobody: {}}\n"
    for name, text in {**HOSTILE, "~": warm, "~~": OPENAI + "{}\n"}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o644 if name == "literal secrets" else 0o600)
    environment = {**os.environ, "AZURE_BIG": "x" * 100_000}
    command = [sys.executable, "-c", MEASURE, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 64 * 1024


def test_the_same_certificates_are_loaded_once(emulator: Emulator, write: Write) -> None:
    """However often a file names them, and however their path is spelled."""
    folder, _, name = str(emulator.ca_file).rpartition("/")
    member = "{kind: client_secret, tenant_id: x, client_id: y, client_secret: z, http: {ca_file: '%s'}}"
    paths = [f"{folder}/{'./' * number}{name}" for number in range(100)]
    text = f"{AZURE}  credential: {{kind: chain, credentials: [{', '.join(member % path for path in paths)}]}}\n"
    path = write(text)
    assert steps(lambda: byoclient.load(path), "load_verify_locations") <= 1


@pytest.mark.parametrize("size", [0, 2 * 1024 * 1024 + 1])
@pytest.mark.parametrize("key", ["ca_file", "client_certificate"])
def test_a_file_of_certificates_has_a_size(key: str, size: int, tmp_path: Path, write: Write) -> None:
    """One that has none, as in /proc, may have no end; and a very large one would be read for long."""
    file = tmp_path / "made-up.pem"
    file.touch()
    os.truncate(file, size)
    path = write(f"{OPENAI}{{api_key: k, http: {{{key}: {file}}}}}\n")
    with pytest.raises(byoclient.ConfigError, match=rf"http\.{key}: is no PEM"):
        byoclient.load(path)


def test_a_hundred_errors_of_one_sort_are_told(write: Write) -> None:
    """With their lines, the first ones; nobody reads thousands."""
    with pytest.raises(byoclient.ConfigErrors) as caught:
        byoclient.load(write(HOSTILE["variables that are not set"].replace(", ", ",\n")))
    lines = [error.line for error in caught.value.errors]
    assert lines == list(range(3, 3 + MOST_ERRORS))


def test_a_scan_of_ten_thousand_distributions_takes_few_steps_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The providers among them are found; what the others advertise is read, and not parsed."""
    for number in range(10_000):
        info = tmp_path / f"d{number}-1.0.dist-info"
        info.mkdir()
        if number % 10 == 0:
            (info / "entry_points.txt").write_text("[console_scripts]\nx = y:z\n")
    for name in ("a-first", "m-middle", "z-last"):
        install(tmp_path, name, point(name, "acme:f"))
    found: list[Catalogue] = []
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    count = steps(lambda: found.append(scan()))
    assert found[0].names(CLIENT_PROVIDERS) == ["a-first", "m-middle", "z-last"]
    assert found[0].broken == ()
    assert count < 10_000 * 200  # reading METADATA of each would take thousands
