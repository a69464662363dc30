"""The emulator starts, listens, records and leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import closing
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncAzureOpenAI, DefaultHttpxClient, OpenAI

import byoclient.emulator
from byoclient.emulator import Emulator, RecordedRequest, serving, sockets
from byoclient.errors import EmulatorError

HELLO = [{"role": "user", "content": "Hello"}]
PATH = "/openai/deployments/gpt-4o/chat/completions"


def test_the_public_names_are_two() -> None:
    """`__all__` is pinned."""
    assert byoclient.emulator.__all__ == ["Emulator", "RecordedRequest"]


def test_import_takes_no_part_of_the_extra() -> None:
    """Importing the package imports neither a server nor an SDK."""
    code = (
        "import sys, byoclient.emulator as e; e.Emulator();"
        "print([m for m in ('starlette', 'uvicorn', 'trustme', 'jsonschema', 'openai', 'azure') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["starlette", "uvicorn", "trustme", "jsonschema"])
def test_a_missing_extra_is_named_with_its_command(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the error says what to type."""
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(EmulatorError) as caught:
        Emulator().start()
    assert str(caught.value) == f"The emulator needs {name}. Type: pip install 'byoclient[emulator]'"


def test_it_listens_when_start_returns() -> None:
    """A client can connect at once to both ports, and only on loopback."""
    with Emulator() as emulator:
        for url in (emulator.url, emulator.tls_url):
            port = int(url.rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                assert connection.getpeername()[0] == "127.0.0.1"


def test_a_taken_port_is_an_error_that_names_it() -> None:
    """The error names the port and what to type, for either port; nothing stays behind."""
    before = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for option in ("port", "tls_port"):
            with pytest.raises(EmulatorError, match=rf"127.0.0.1:{port}: Address already in use. .*{option}=0 for"):
                Emulator(**{option: port}).start()
    assert threading.active_count() == before


def test_an_impossible_port_is_an_error() -> None:
    """A port above 65535 is an EmulatorError too."""
    with pytest.raises(EmulatorError, match="70000"):
        Emulator(port=70_000).start()


def test_answers_are_not_held_back() -> None:
    """asyncio switches Nagle's algorithm off only on sockets that name their protocol."""
    with sockets.listener("port", 0) as listening:
        client = socket.create_connection(listening.getsockname(), timeout=5)
        accepted, _ = listening.accept()
        with client, accepted:
            assert accepted.proto == socket.IPPROTO_TCP


def test_it_starts_again_on_the_same_port(anonymous: DefaultHttpxClient) -> None:
    """A chosen port is free again after close()."""
    with Emulator() as first:
        port = int(first.url.rpartition(":")[2])
        assert anonymous.get(first.url).status_code == 404
    with Emulator(port=port) as second:
        assert second.url == f"http://127.0.0.1:{port}"
        assert anonymous.get(second.url).status_code == 404


def test_one_emulator_can_be_started_twice_in_turn() -> None:
    """start() works after close(), and not while it runs."""
    emulator = Emulator()
    for _ in range(2):
        with emulator, pytest.raises(EmulatorError, match="runs already"):
            emulator.start()


def test_it_has_no_url_unless_it_runs() -> None:
    """Before start() and after close() the addresses are an error that says what to call."""
    emulator = Emulator()
    with emulator:
        pass
    emulator.close()
    for name in ("url", "tls_url", "ca_file", "identity_environment", "imds_environment"):
        with pytest.raises(EmulatorError, match=r"Call start\(\)"):
            getattr(emulator, name)


def test_close_leaves_nothing_behind() -> None:
    """close() ends the thread, deletes the certificate and leaks no socket, while clients hold connections."""
    before = set(threading.enumerate())
    with Emulator() as emulator:
        folder = Path(emulator.ca_file).parent
        assert folder.stat().st_mode & 0o777 == 0o700
        trusted = ssl.create_default_context(cafile=emulator.ca_file)
        plain, secure = DefaultHttpxClient(trust_env=False), DefaultHttpxClient(verify=trusted, trust_env=False)
        assert plain.get(emulator.url).status_code == secure.get(emulator.tls_url).status_code == 404
    assert set(threading.enumerate()) == before
    assert not folder.exists()
    plain.close()
    secure.close()
    gc.collect()


def test_a_client_that_comes_at_the_moment_of_close_leaks_nothing() -> None:
    """A connection that was accepted but not yet served is closed too."""
    for _ in range(5):
        emulator = Emulator()
        emulator.start()
        ports = [int(url.rpartition(":")[2]) for url in (emulator.url, emulator.tls_url)]
        connections = [socket.create_connection(("127.0.0.1", port), timeout=5) for port in ports * 4]
        for connection in connections:
            connection.close()
        emulator.close()
    gc.collect()


def test_close_does_not_wait_for_a_stream_that_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A half-read stream is cut at close(), which would else wait for its reader without an end."""
    monkeypatch.setattr(serving, "GRACE", None)
    body = json.dumps({"messages": [{"role": "user", "content": "long " * 2_000_000}], "stream": True})
    with Emulator() as emulator, closing(HTTPConnection(emulator.url.removeprefix("http://"), timeout=20)) as client:
        client.request("POST", f"{PATH}?api-version=2024-10-21", body, {"api-key": emulator.api_key})
        stream = client.getresponse()
        assert stream.readline().startswith(b"data: ")
        thread = threading.Thread(target=emulator.close)
        thread.start()
        thread.join(timeout=20)
        waits = thread.is_alive()
        with pytest.raises((IncompleteRead, ConnectionResetError)):  # where close() waits, the stream ends well
            stream.read()
    assert not waits


def test_the_environment_logging_and_signals_stay_as_they_are() -> None:
    """Starting changes no variable, no logger and no signal handler."""
    names = ("uvicorn", "uvicorn.error", "uvicorn.access")

    def state() -> object:
        loggers = [logging.getLogger(name) for name in names]
        return dict(os.environ), signal.getsignal(signal.SIGINT), [(x.level, x.handlers, x.propagate) for x in loggers]

    before = state()
    with Emulator():
        assert state() == before
    assert state() == before


def test_it_prints_and_logs_nothing(
    anonymous: DefaultHttpxClient, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """No request leaves a line on the terminal or in the access log."""
    with caplog.at_level(logging.INFO), Emulator() as emulator:
        anonymous.get(emulator.url)
    assert capfd.readouterr() == ("", "")
    assert "uvicorn.access" not in {record.name for record in caplog.records}


def test_requests_are_recorded_in_order(http: DefaultHttpxClient, emulator: Emulator) -> None:
    """Method, path, query, headers and body of each request can be read, refused ones too."""
    http.post(f"{PATH}?api-version=2024-10-21", json={"messages": HELLO}, headers={"X-Mine": "1"})
    http.get("/no/such path")
    first, second = emulator.requests
    assert (first.method, first.path, first.query) == ("POST", PATH, {"api-version": "2024-10-21"})
    assert first.headers["x-mine"] == "1"
    assert first.json() == {"messages": HELLO}
    assert (second.method, second.path, second.body) == ("GET", "/no/such path", b"")
    emulator.clear_requests()
    assert emulator.requests == ()


def test_no_secret_stands_in_a_repr() -> None:
    """Neither keys nor what was said stand in the repr of the emulator and its requests."""
    request = RecordedRequest("POST", "/", {}, {"api-key": "k3y"}, b"s3cret")
    with Emulator(api_key="k3y", client_secret="s3cret") as emulator:
        assert not [secret for secret in ("k3y", "s3cret") if secret in repr((emulator, request, emulator._settings))]


def test_parallel_clients_are_all_recorded(emulator: Emulator) -> None:
    """Sixty-four tasks of one async client each get their own answer."""

    async def ask_all() -> list[str | None]:
        async with AsyncAzureOpenAI(
            azure_endpoint=emulator.url, api_key=emulator.api_key, api_version="2024-10-21"
        ) as client:

            async def ask(number: int) -> str | None:
                messages: list[Any] = [{"role": "user", "content": f"number {number}"}]
                done = await client.chat.completions.create(model="gpt-4o", messages=messages)
                return done.choices[0].message.content

            return await asyncio.gather(*(ask(number) for number in range(64)))

    answers = asyncio.run(ask_all())
    assert [answer and answer.rpartition(" ")[2] for answer in answers] == [str(n) for n in range(64)]
    assert len(emulator.requests) == 64


def test_both_surfaces_are_served_over_tls(emulator: Emulator) -> None:
    """An https endpoint works with the emulator's certificate authority, by name and by address."""
    trusted = ssl.create_default_context(cafile=emulator.ca_file)
    for url in (emulator.tls_url, emulator.tls_url.replace("localhost", "127.0.0.1")):
        with (
            DefaultHttpxClient(verify=trusted, trust_env=False) as transport,
            OpenAI(base_url=f"{url}/openai/v1", api_key=emulator.api_key, http_client=transport) as client,
        ):
            assert client.models.retrieve("gpt-4o").id == "gpt-4o"
    assert emulator.requests[0].secure


def test_the_same_request_has_the_same_answer(anonymous: DefaultHttpxClient) -> None:
    """Two emulators answer one request byte for byte alike, request ids included."""
    answers = []
    for _ in range(2):
        with Emulator() as emulator:
            answers.append(
                [
                    anonymous.post(
                        f"{emulator.url}{PATH}?api-version=2024-10-21",
                        content=json.dumps({"messages": HELLO, "stream": stream}),
                        headers={"api-key": emulator.api_key},
                    )
                    for stream in (False, True)
                ]
            )
    first, second = answers
    assert [answer.content for answer in first] == [answer.content for answer in second]
    assert [a.headers["x-request-id"] for a in first] == [a.headers["apim-request-id"] for a in second]
