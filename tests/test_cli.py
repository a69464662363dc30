"""The command line, as a process: what it prints, where, and its exit status."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from byoclient.emulator import Emulator
from tests.conftest import Write
from tests.yaml_files import azure_file, client_secret

ROOT = Path(__file__).parents[1]
ANSWER = "This is the byoclient emulator, not a model. You asked gpt-4o: ping\n"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "byoclient", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **environment},
    )


def test_ask_without_a_file_is_answered_by_the_embedded_emulator() -> None:
    """The answer alone on stdout, nothing on stderr, exit status 0."""
    done = run("ask", "ping")
    assert (done.stdout, done.stderr, done.returncode) == (ANSWER, "", 0)


@pytest.mark.parametrize("side", ["sync", "async"])
def test_ask_takes_a_file(side: str, emulator: Emulator, write: Write) -> None:
    """Also one that has an async client only; the answer is streamed."""
    done = run("ask", "-c", write(azure_file(emulator, client_secret(emulator), side=side)), "ping")
    assert (done.stdout, done.stderr, done.returncode) == (ANSWER, "", 0)
    assert emulator.requests[-1].json()["stream"] is True


def test_ask_says_what_failed_without_a_traceback(emulator: Emulator, write: Write) -> None:
    """A wrong key, a wrong secret, an unknown framework, an unknown file: exit status 1."""
    wrong_key = run("ask", "-c", write(azure_file(emulator, "api_key: canary-5"), "key.yaml"), "ping")
    assert wrong_key.stderr.startswith("The request failed: AuthenticationError: Error code: 401")
    sign_in = client_secret(emulator, secret="canary-6")
    wrong_secret = run("ask", "-c", write(azure_file(emulator, sign_in), "secret.yaml"), "ping")
    assert "credential kind 'client_secret' gave no token" in wrong_secret.stderr
    unknown = run("ask", "--into", "langroit", "ping")
    assert unknown.stderr == "--into: no framework named 'langroit'. Did you mean 'langroid'?\n"
    missing = run("ask", "-c", "nowhere.yaml", "ping")
    assert missing.stderr.startswith("nowhere.yaml: no such file.")
    for done in (wrong_key, wrong_secret, unknown, missing):
        assert done.returncode == 1
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        assert "canary" not in done.stderr


def test_check_is_content_with_good_files_and_imports_no_sdk() -> None:
    """One line for each LLM, exit status 0."""
    code = (
        "import sys\n"
        "from byoclient.cli.commands import run\n"
        "sys.argv = ['byoclient', 'check', 'configs/emulator.yaml', 'configs/several.yaml']\n"
        "status = run()\n"
        "heavy = {'openai', 'azure', 'httpx2', 'starlette', 'langroid'} & {n.split('.')[0] for n in sys.modules}\n"
        "print(status, heavy)\n"
    )
    environment = {**os.environ, "AZURE_OPENAI_ENDPOINT": "https://contoso.openai.azure.com"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env=environment
    )
    lines = done.stdout.splitlines()
    assert lines[0] == (
        "configs/emulator.yaml: ok. model gpt-4o; client_provider emulator from byoclient 0.1.0; "
        "async_client_provider emulator from byoclient 0.1.0"
    )
    assert [line.split(":")[0] for line in lines[1:4]] == [
        "configs/several.yaml llms.chat",
        "configs/several.yaml llms.cheap",
        "configs/several.yaml llms.embeddings",
    ]
    assert lines[4] == "0 set()"


def test_check_shows_all_errors_of_all_files_at_once(write: Write) -> None:
    """On stderr, each with file, line and key; good files are reported too; exit status 1."""
    bad = write("model: x\nclient_provider: azure_opnai\nasync_client_provider: openai\noptions: {tmeout: 3}\n")
    done = run("check", bad, "nowhere.yaml", "configs/emulator.yaml")
    assert done.returncode == 1
    assert done.stdout.startswith("configs/emulator.yaml: ok.")
    lines = done.stderr.splitlines()
    assert [line.removeprefix(bad).split(":")[1] for line in lines[:2]] == ["2", "4"]
    assert lines[-1].startswith("nowhere.yaml: no such file.")


def test_the_trust_flags_are_those_of_trust(write: Write) -> None:
    """--trust-host, --trust-env, --trust-module; a malformed one is a usage error."""
    path = write(
        "model: x\nclient_provider: openai\nasync_client_provider: acme.llm:get\n"
        "options: {base_url: 'https://llm.contoso.com/v1', api_key: '${ACME_KEY}'}\n"
    )
    refused = run("check", path, ACME_KEY="canary-8")
    assert refused.returncode == 1
    flags = ("--trust-host", "llm.contoso.com", "--trust-env", "ACME_KEY", "--trust-module", "acme.llm")
    allowed = run("check", *flags, path, ACME_KEY="canary-8")
    assert (allowed.returncode, allowed.stderr) == (0, "")
    assert (
        "async_client_provider acme.llm:get, trusted by this program (options not checked: --import)" in allowed.stdout
    )
    assert "canary" not in refused.stderr + allowed.stdout
    assert run("check", "--trust-host", "*.com", path).returncode == 2


def test_check_import_reports_a_provider_that_cannot_be_imported(write: Write) -> None:
    """Which a plain check does not look at."""
    path = write("model: x\nclient_provider: acme_nowhere:get\n")
    assert run("check", "--trust-module", "acme_nowhere", path).returncode == 0
    done = run("check", "--import", "--trust-module", "acme_nowhere", path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{path}:2: client_provider: no module 'acme_nowhere'.")


def test_list_names_what_is_installed() -> None:
    """Name, distribution and version, sync and async."""
    done = run("list")
    assert (done.returncode, done.stderr) == (0, "")
    assert "  azure_openai  byoclient 0.1.0  sync, async\n" in done.stdout
    assert "  langroid.embeddings  byoclient 0.1.0\n" in done.stdout


@pytest.mark.parametrize("arguments", [("chek",), ("ask",), ("check",), ("ask", "--modle", "x", "y")])
def test_a_command_that_was_typed_wrongly_ends_with_2(arguments: tuple[str, ...]) -> None:
    """With the usage on stderr."""
    done = run(*arguments)
    assert done.returncode == 2
    assert "Usage: " in done.stderr
    assert done.stdout == ""


def test_the_help_documents_the_exit_statuses() -> None:
    """Of the whole command."""
    assert "130  interrupted" in run("--help").stdout


def test_emulate_prints_a_file_that_works_and_ends_quietly_on_ctrl_c(write: Write) -> None:
    """What it prints on stdout is a YAML file for this very emulator."""
    command = [sys.executable, "-u", "-m", "byoclient", "emulate", "--deployment", "gpt-4o"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stderr.readline() == "Ctrl-C stops it.\n"
        printed = "".join(iter(process.stdout.readline, "\n"))
        asked = run("ask", "-c", write(printed), "ping")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (asked.stdout, asked.stderr) == (ANSWER, "")
    assert (out, err, process.returncode) == ("", "\n", 130)


def test_ctrl_c_while_waiting_for_an_answer_is_quiet(write: Write) -> None:
    """A server that accepts and stays silent."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        path = write(f"model: x\nclient_provider: openai\noptions: {{base_url: '{url}', api_key: k}}\n")
        command = [sys.executable, "-m", "byoclient", "ask", "-c", path, "ping"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            connection, _ = silent.accept()
            connection.recv(1)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
            connection.close()
    assert (out, err, process.returncode) == ("", "\n", 130)


def test_a_reader_that_goes_away_gets_no_traceback() -> None:
    """As in `byoclient list | head -0`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "byoclient", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as stderr:
        assert "Traceback" not in stderr.read()
    process.wait(timeout=20)
