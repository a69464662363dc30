"""Whole programs: the examples, `byoclient ask --into langroid`, and one that cannot import Langroid."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from byoclient.cli.into import ask_into
from tests.conftest import Write
from tests.langroid.agents import ANSWER
from tests.langroid.conftest import Load
from tests.support import forked

ROOT = Path(__file__).parents[2]
EMULATOR = "model: gpt-4o\nclient_provider: emulator\nasync_client_provider: emulator\n"
PLUG = """
import sys, byoclient
try:
    byoclient.load(sys.argv[1]).plug(sys.argv[2])
except byoclient.AdapterError as error:
    sys.exit(str(error))
"""
WITHOUT = """
import sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if name == "{module}":
            raise ModuleNotFoundError("No module named '{module}'", name="{module}")
sys.meta_path.insert(0, Without())
"""
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own."""
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", ["langroid_chat.py", "langroid_chat_async.py"])
def test_an_example_runs(name: str, write: Write) -> None:
    """Langroid's two examples for Azure, with the client from a file, answer and end."""
    ended = forked.run(str(ROOT / "examples" / name), write(EMULATOR), imported=("langroid",))

    assert ended.returncode == 0, ended.stderr
    assert f"{ANSWER}Who is the president of the United States?" in COLOUR.sub("", ended.stdout)


def test_ask_into_langroid_prints_the_answer_alone() -> None:
    """Once, without Langroid's colours, statistics and warnings; without a file the emulator answers."""
    ended = run("-m", "byoclient", "ask", "--into", "langroid", "Alone?")

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{ANSWER}Alone?\n", "")


def test_ask_into_langroid_needs_but_one_side(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    """A file with only an async client is asked through that."""
    try:
        answer = ask_into("langroid", load(side="async"), "Async?")
    finally:
        logging.disable(logging.NOTSET)

    assert (answer, capsys.readouterr().out) == (f"{ANSWER}Async?", "")


@pytest.mark.parametrize("adapter", ["langroid", "langroid.embeddings"])
def test_without_langroid_the_error_says_what_to_type(adapter: str, write: Write) -> None:
    """The extra is named; nothing else of the program is affected."""
    ended = run("-c", WITHOUT.format(module="langroid") + PLUG, write(EMULATOR), adapter)

    assert (ended.returncode, ended.stderr) == (
        1,
        "Langroid is not installed. Type: pip install 'byoclient[langroid]'\n",
    )


def test_a_broken_langroid_is_not_called_missing(write: Write) -> None:
    """What is missing is the module that Langroid needs."""
    ended = run("-c", WITHOUT.format(module="tiktoken") + PLUG, write(EMULATOR), "langroid")

    assert ended.returncode == 1
    assert ended.stderr == "importing Langroid failed: it needs the module 'tiktoken'.\n"


def test_without_internet_the_error_names_the_tokenizer_folder(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Langroid downloads a file at import; where it cannot, the way out is said."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path / "empty"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nobody listens there

    ended = run("-c", PLUG, write(EMULATOR), "langroid")

    assert ended.returncode == 1
    assert ended.stderr.startswith("importing Langroid failed with ProxyError: it downloads a tokenizer file.")
    assert "set TIKTOKEN_CACHE_DIR to a folder with the file 9b5ad71b2ce5302211f9c61530b329a4922fc6a4" in ended.stderr
