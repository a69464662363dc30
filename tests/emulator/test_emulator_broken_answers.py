"""Broken answers of the OpenAI part, as they stand on the wire; the lean server of the benchmarks breaks the same."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse, IncompleteRead, RemoteDisconnected
from typing import Any

import pytest

from byoclient.emulator import Emulator
from byoclient.errors import EmulatorError
from tests.emulator.test_emulator_faults import until
from tests.support.fault_server import FaultServer

CHAT = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
RESPONSES = "/openai/responses?api-version=2025-04-01-preview"
DONE = b"data: [DONE]\n\n"

Server = Emulator | FaultServer
Connect = Callable[[], HTTPConnection]


@pytest.fixture(scope="module")
def lean_server() -> Iterator[FaultServer]:
    """The server that the benchmarks use."""
    with FaultServer() as running:
        yield running


@pytest.fixture(params=["emulator", "lean_server"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Both servers in turn."""
    running: Server = request.getfixturevalue(request.param)
    yield running
    running.mend()


@pytest.fixture
def connect(server: Server) -> Iterator[Connect]:
    """Open connections to it, closed after the test."""
    opened: list[HTTPConnection] = []

    def open_one() -> HTTPConnection:
        opened.append(HTTPConnection(server.url.removeprefix("http://"), timeout=10))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()


@pytest.fixture
def connection(connect: Connect) -> HTTPConnection:
    """One of them."""
    return connect()


def ask(connection: HTTPConnection, prompt: str = "Hello", path: str = CHAT, **more: Any) -> HTTPResponse:
    """Send a request and read the head of its answer."""
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": prompt}], "input": prompt, **more}
    connection.request("POST", path, json.dumps(body), {"api-key": "byoclient-emulator-key"})
    return connection.getresponse()


def events(body: bytes) -> list[bytes]:
    """Split a stream into its events."""
    return [event + b"\n\n" for event in body.split(b"\n\n")[:-1]]


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
def test_an_error_has_its_headers_and_keeps_the_connection(
    status: int, server: Server, connection: HTTPConnection
) -> None:
    """Both ways to say when to come again; the answer after mending is on the same connection."""
    server.break_answers(status=status, retry_after=3, retry_after_ms=20)
    answer = ask(connection)
    assert (answer.status, answer.headers["Retry-After"], answer.headers["Retry-After-Ms"]) == (status, "3", "20")
    assert json.loads(answer.read())["error"]["message"]
    socket = connection.sock
    server.mend()
    assert ask(connection).status == 200
    assert connection.sock is socket


def test_several_errors_take_turns(server: Server, connection: HTTPConnection) -> None:
    """Each request gets one of them."""
    server.break_answers(status=(408, 429, 503))
    found = set()
    for number in range(30):
        answer = ask(connection, f"ledger-a-{number}")
        answer.read()
        found.add(answer.status)
    assert found == {408, 429, 503}


def test_a_drop_ends_the_connection_before_the_answer(server: Server, connection: HTTPConnection) -> None:
    """With a goodbye: the end of the file."""
    server.break_answers(drop=True)
    with pytest.raises(RemoteDisconnected):
        ask(connection)


def test_a_reset_before_the_headers_has_no_answer(server: Server, connection: HTTPConnection) -> None:
    """ECONNRESET instead of an end."""
    server.break_answers(reset="before")
    with pytest.raises(ConnectionResetError) as caught:
        ask(connection)
    assert not isinstance(caught.value, RemoteDisconnected)


def test_a_reset_after_the_headers_has_no_body(server: Server, connection: HTTPConnection) -> None:
    """The head arrives, then ECONNRESET."""
    server.break_answers(reset="after")
    answer = ask(connection)
    assert answer.status == 200
    with pytest.raises(ConnectionResetError):
        answer.read()


@pytest.mark.parametrize("path", [CHAT, RESPONSES], ids=["chat", "responses"])
def test_a_stream_is_cut_in_four_ways(path: str, server: Server, connect: Connect) -> None:
    """Three let the client believe that it was all; each leaves exactly the bytes that it says, and ends."""
    whole = ask(connect(), path=path, stream=True).read()
    first, second, *_ = events(whole)
    length = len(first) + len(second) + 40

    def cut(how: str) -> HTTPResponse:
        server.break_answers(cut=length, cut_by=how)  # type: ignore[arg-type]
        return ask(connect(), path=path, stream=True)

    closed = cut("close")
    assert (closed.headers["connection"], closed.chunked, closed.length) == ("close", False, None)
    assert closed.read() == whole[:length]
    assert cut("half").read() == whole[:length]
    assert cut("whole").read() == first + second
    with pytest.raises(IncompleteRead) as caught:
        cut("chunk").read()
    assert caught.value.partial == whole[:length]


def test_a_whole_answer_is_cut_too(server: Server, connection: HTTPConnection) -> None:
    """Half a JSON object."""
    server.break_answers(cut=30, cut_by="half")
    assert ask(connection).read().startswith(b'{"id": "chatcmpl-')


def test_a_cut_connection_is_gone(server: Server, connection: HTTPConnection) -> None:
    """Also after a clean end: the next bytes are the end of the file."""
    server.break_answers(cut=0, cut_by="half")
    ask(connection, stream=True).read()
    assert connection.sock.recv(1) == b""


def test_a_stream_can_end_without_done(server: Server, connection: HTTPConnection) -> None:
    """All else is there, and the connection stays."""
    whole = ask(connection, stream=True).read()
    server.break_answers(done=False)
    assert ask(connection, stream=True).read() == whole.removesuffix(DONE)
    server.mend()
    assert ask(connection, stream=True).read() == whole


def test_a_stream_can_end_without_a_finish_reason(server: Server, connection: HTTPConnection) -> None:
    """But with [DONE]."""
    server.break_answers(finish_reason=False)
    body = ask(connection, stream=True).read()
    assert body.endswith(DONE)
    assert {event["choices"][0]["finish_reason"] for event in map(json.loads, data(body)[:-1])} == {None}


def test_a_responses_stream_can_end_without_its_final_event(server: Server, connection: HTTPConnection) -> None:
    """The same fault."""
    whole = ask(connection, path=RESPONSES, stream=True).read()
    server.break_answers(finish_reason=False)
    assert events(ask(connection, path=RESPONSES, stream=True).read()) == events(whole)[:-1]


def data(body: bytes) -> list[bytes]:
    """Return what stands after `data: ` in each event."""
    return [event.partition(b"data: ")[2].strip() for event in events(body)]


def test_keep_alives_come_until_mending(server: Server, connection: HTTPConnection) -> None:
    """Comments alone; then the whole answer, and the connection serves the next request."""
    whole = ask(connection, stream=True).read()
    server.break_answers(ping=0.005)
    answer = ask(connection, stream=True)
    assert answer.read(3 * len(b": ping\n\n")) == b": ping\n\n" * 3
    server.mend()
    assert answer.read().replace(b": ping\n\n", b"") == whole
    assert ask(connection, stream=True).read() == whole


def test_the_tail_can_stay_away(server: Server, connection: HTTPConnection) -> None:
    """After [DONE] comes nothing, not even the end of the body, until mending."""
    whole = ask(connection, stream=True).read()
    server.break_answers(tail=False)
    answer = ask(connection, stream=True)
    assert answer.read(len(whole)) == whole
    connection.sock.settimeout(0.05)
    with pytest.raises(TimeoutError):
        connection.sock.recv(1)
    connection.sock.settimeout(10)
    server.mend()
    assert connection.sock.recv(100) in (b"\r\n0\r\n\r\n", b"0\r\n\r\n")


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_a_connection_is_closed_behind_an_answer_without_a_word(
    stream: bool, server: Server, connection: HTTPConnection
) -> None:
    """As servers do whose keep-alive ends."""
    server.break_answers(idle_close=True)
    answer = ask(connection, stream=stream)
    assert answer.headers["connection"] is None
    assert answer.read()
    assert connection.sock.recv(1) == b""


@pytest.mark.parametrize("fault", [{"hang": True}, {"slow": 30.0}], ids=["hang", "slow"])
def test_mending_answers_those_who_wait(fault: dict[str, Any], server: Server, connect: Connect) -> None:
    """However long they would have had to wait."""
    server.break_answers(**fault)
    opened = server.connections_opened
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(ask, connect()) for _ in range(3)]
        until(lambda: server.connections_opened == opened + 3)
        server.mend()
        assert [future.result().status for future in waiting] == [200] * 3


def test_the_share_is_of_requests_and_always_of_the_same(server: Server, connection: HTTPConnection) -> None:
    """Whatever their order; another seed hits others."""

    def hit(seed: int, numbers: range) -> set[int]:
        server.break_answers(status=503, rate=0.2, seed=seed)
        return {number for number in numbers if status(connection, number) == 503}

    first = hit(1, range(100))
    assert 8 < len(first) < 35
    assert hit(1, range(99, -1, -1)) == first
    assert hit(2, range(100)) != first


def status(connection: HTTPConnection, number: int) -> int:
    """Send a request of its own for each number; return the status."""
    answer = ask(connection, f"ledger-b-{number}")
    answer.read()
    return answer.status


def test_a_request_is_hit_so_many_times_at_most(server: Server, connection: HTTPConnection) -> None:
    """Each for itself."""
    server.break_answers(status=503, times=2)
    assert [status(connection, number) for number in (1, 1, 2, 1, 2, 2)] == [503, 503, 503, 200, 503, 200]


def test_a_fault_can_begin_later(server: Server, connection: HTTPConnection) -> None:
    """After so many requests."""
    server.break_answers(status=503, after=2)
    assert [status(connection, number) for number in range(4)] == [200, 200, 503, 503]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"status": 503, "drop": True}, "status and drop"),
        ({"cut": 3, "tail": False}, "cut and tail"),
        ({"status": 200}, "from 400 to 599"),
        ({"status": (503, 302)}, "from 400 to 599"),
        ({"retry_after_ms": 5}, "Give a status too"),
        ({"slow": -1}, "Give seconds"),
        ({"ping": 0}, "Give seconds"),
        ({"rate": 1.5}, "from 0 to 1"),
        ({"after": -1}, "0 or more"),
    ],
)
def test_contradictions_are_refused(arguments: dict[str, Any], said: str, emulator: Emulator) -> None:
    """And change nothing."""
    with pytest.raises(EmulatorError, match=said):
        emulator.break_answers(**arguments)


def test_connections_are_counted(server: Server, connect: Connect) -> None:
    """Those that are open, and those that were accepted."""
    opened, still_open = server.connections_opened, server.connections
    first, second = connect(), connect()
    for connection in (first, second, first):
        ask(connection).read()
    assert (server.connections_opened - opened, server.connections - still_open) == (2, 2)
    first.close()
    until(lambda: server.connections == still_open + 1)


def test_a_request_knows_its_connection(emulator: Emulator) -> None:
    """Two requests on one connection have one number."""
    host = emulator.url.removeprefix("http://")
    with closing(HTTPConnection(host)) as first, closing(HTTPConnection(host)) as second:
        for connection in (first, second, first):
            ask(connection).read()
    numbers = [request.connection for request in emulator.requests]
    assert numbers[0] == numbers[2] != numbers[1]
    assert emulator.requests[0] == emulator.requests[1]  # what was asked is the same
    assert emulator.connections_opened == 2
    emulator.clear_requests()
    assert emulator.connections_opened == 0


@pytest.mark.parametrize("fault", [{"hang": True}, {"slow": 30.0}, {"ping": 0.01}, {"tail": False}], ids=str)
def test_closing_does_not_wait_for_a_broken_answer(fault: dict[str, Any]) -> None:
    """Its client sees the end of the connection."""
    with Emulator() as emulator, closing(HTTPConnection(emulator.url.removeprefix("http://"), timeout=10)) as client:
        emulator.break_answers(**fault)
        ended: list[Exception] = []

        def wait() -> None:
            try:
                ask(client, stream=True).read()
            except (OSError, IncompleteRead) as error:
                ended.append(error)

        waiting = threading.Thread(target=wait)
        waiting.start()
        until(lambda: bool(emulator.requests))
        emulator.close()
        waiting.join()
        emulator.mend()
    assert len(ended) == 1
    assert not isinstance(ended[0], TimeoutError)
