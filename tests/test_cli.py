"""The command line, as a process: what it prints, where, and its exit status."""

from __future__ import annotations

import importlib.metadata
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from byoclient.emulator import Emulator
from tests.conftest import Write
from tests.support import forked
from tests.yaml_files import azure_file, client_secret, device_code

ROOT = Path(__file__).parents[1]
VERSION = importlib.metadata.version("byoclient")
ANSWER = "This is the byoclient emulator, not a model. You asked gpt-4o: ping\n"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return forked.run("-m", "byoclient", *arguments, env={**os.environ, **environment})


def test_ask_without_a_file_is_answered_by_the_embedded_emulator() -> None:
    """The answer alone on stdout, nothing on stderr, exit status 0."""
    command = [sys.executable, "-m", "byoclient", "ask", "ping"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == (ANSWER, "", 0)


@pytest.mark.parametrize("side", ["sync", "async"])
def test_ask_takes_a_file(side: str, emulator: Emulator, write: Write) -> None:
    """Also one that has an async client only; the answer is streamed."""
    done = run("ask", "-c", write(azure_file(emulator, client_secret(emulator), side=side)), "ping")
    assert (done.stdout, done.stderr, done.returncode) == (ANSWER, "", 0)
    assert emulator.requests[-1].json()["stream"] is True


def test_ask_shows_a_device_code_beside_the_answer(emulator: Emulator, write: Write) -> None:
    """On stderr."""
    done = run("ask", "-c", write(azure_file(emulator, device_code(emulator))), "ping")
    assert (done.stdout, done.returncode) == (ANSWER, 0)
    assert done.stderr.startswith(f"To sign in, open {emulator.tls_url}/")


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
        f"configs/emulator.yaml: ok. model gpt-4o; client_provider emulator from byoclient {VERSION}; "
        f"async_client_provider emulator from byoclient {VERSION}"
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


def test_check_import_imports_the_function_of_a_client_assertion(write: Write) -> None:
    """Told once, though both sides have it."""
    credential = "{kind: client_assertion, tenant_id: t, client_id: c, func: 'acme_nowhere:get'}"
    options = f"{{azure_endpoint: 'https://a.openai.azure.com', api_version: 2024-10-21, credential: {credential}}}"
    path = write(f"model: x\nclient_provider: azure_openai\nasync_client_provider: azure_openai\noptions: {options}\n")
    assert run("check", "--trust-module", "acme_nowhere", path).returncode == 0
    done = run("check", "--import", "--trust-module", "acme_nowhere", path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"{path}:4: options.credential.func: no module 'acme_nowhere'. Is it on sys.path, and spelled so?\n"
    )


def test_list_names_what_is_installed() -> None:
    """Name, distribution and version, sync and async."""
    done = run("list")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"  azure_openai  byoclient {VERSION}  sync, async\n" in done.stdout
    assert f"  langroid.embeddings  byoclient {VERSION}\n" in done.stdout


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


def test_ask_takes_one_llm_of_several(write: Write) -> None:
    """By name."""
    path = write(
        "llms:\n  a: {model: gpt-4o, client_provider: emulator}\n  b: {model: gpt-4.1, client_provider: emulator}\n"
    )
    assert "You asked gpt-4.1: ping" in run("ask", "-c", path, "--llm", "b", "ping").stdout
    assert "several LLMs" in run("ask", "-c", path, "ping").stderr


def test_characters_that_the_terminal_does_not_know_are_replaced() -> None:
    """Instead of a traceback."""
    done = run("ask", "snow \N{SNOWMAN}", PYTHONIOENCODING="cp1252")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("snow ?\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_one_message() -> None:
    """Without a traceback, also at exit."""
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "byoclient", "list"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "The output cannot be written: No space left on device.\n")


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("text/event-stream", "data: {nope\n\n", "The request failed: JSONDecodeError"),
        ("text/event-stream", "data: [DONE]\n\n", "The server sent no answer"),
        ("text/html", "<html>sign in</html>", "The server sent no answer"),
    ],
)
def test_a_server_that_answers_nonsense_is_one_message(kind: str, body: str, said: str, write: Write) -> None:
    """And exit status 1."""
    with serving(kind, body) as url:
        path = write(f"model: x\nclient_provider: openai\noptions: {{base_url: '{url}/v1', api_key: k}}\n")
        done = run("ask", "-c", path, "ping")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 1


def test_ctrl_c_after_the_answer_is_quiet() -> None:
    """While the emulator is being closed."""
    command = [sys.executable, "-u", "-m", "byoclient", "ask", "ping"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == ANSWER
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert "Traceback" not in err


@contextmanager
def serving(kind: str, body: str) -> Iterator[str]:
    """Serve one answer to everybody."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
