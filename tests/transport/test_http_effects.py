"""What single options of `http:` do on the wire: certificates, kept connections, time to write, headers."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import openai
import pytest
import trustme

import byoclient
from byoclient.emulator import Emulator
from byoclient.emulator.sockets import listener
from tests.conftest import Write
from tests.support.at_once import Many, Question, async_many, async_question, many, named, own, question, used
from tests.support.gateway import Gateway
from tests.support.regions import Ask, ask, async_ask
from tests.support.waiting import until
from tests.transport.conftest import LoadHttp
from tests.yaml_files import azure_file

BOTH = pytest.mark.parametrize("how", [ask, async_ask])
ANSWER = b"""{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[]}"""


@BOTH
@pytest.mark.parametrize("http2", ["true", "false"])
def test_a_server_of_another_authority_is_refused(
    gateway: Gateway, write: Write, how: Ask, http2: str, tmp_path: Path
) -> None:
    """That of the ca_file alone counts, in place of the system's."""
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    for http in (f"ca_file: '{tmp_path / 'other.pem'}', ", ""):
        more = f"  max_retries: 0\n  http: {{{http}http2: {http2}}}\n"
        with byoclient.load(write(azure_file(gateway, "api_key: k", more=more))) as clients:
            with pytest.raises(openai.APIConnectionError) as caught:
                how(clients)
            assert "CERTIFICATE_VERIFY_FAILED" in str(caught.value.__cause__)
    assert gateway.requests == ()


@pytest.mark.parametrize("http2", ["true", "false"])
def test_no_connection_is_kept_where_none_may_be(gateway: Gateway, load_http: LoadHttp, http2: str) -> None:
    """Each request has a new one."""
    clients = load_http(gateway, f"max_keepalive_connections: 0, http2: {http2}")
    for _ in range(3):
        assert "ping" in ask(clients)
    assert used(gateway) == 3


@pytest.mark.parametrize("http2", ["true", "false"])
def test_no_connection_is_kept_in_an_event_loop_where_none_may_be(
    gateway: Gateway, load_http: LoadHttp, http2: str
) -> None:
    """The async twin."""
    clients = load_http(gateway, f"max_keepalive_connections: 0, http2: {http2}")

    async def run() -> None:
        for _ in range(3):
            await clients.async_client().chat.completions.create(model="gpt-4o", messages=named("ping"))

    asyncio.run(run())
    assert used(gateway) == 3


def test_no_more_connections_are_kept_than_the_file_says(write: Write) -> None:
    """Those beyond are closed when their requests have ended, also where several end at once."""
    with Emulator() as emulator:  # one to which nobody else is connected
        more = "  http: {max_keepalive_connections: 2}\n"
        with byoclient.load(write(azure_file(emulator, f"api_key: {emulator.api_key}", more=more))) as clients:
            emulator.break_answers(slow=0.1)
            assert all(own(many(clients, 6)))
            assert emulator.connections_opened > 2
            until(lambda: emulator.connections == 2)


@pytest.fixture
def deaf() -> Iterator[str]:
    """The URL of a server that begins to read late, and then answers: who waits that long is answered."""
    late = threading.Event()

    def serve(listening: socket.socket) -> None:
        with suppress(OSError):
            connection, _ = listening.accept()
            with connection:
                late.wait(5)
                connection.settimeout(0.5)
                with suppress(TimeoutError):
                    while connection.recv(1 << 20):
                        pass
                head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
                connection.sendall(head % len(ANSWER) + ANSWER)

    with listener("port", 0) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # of those that it accepts
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        late.set()
        thread.join()


@pytest.mark.parametrize("how", [question, async_question])
def test_a_server_that_does_not_read_is_not_written_to_for_long(deaf: str, write: Write, how: Question) -> None:
    """The other phases have their time still."""
    text = (
        "model: gpt-4o\nclient_provider: openai\nasync_client_provider: openai\n"
        f"options: {{base_url: '{deaf}/v1', api_key: k, max_retries: 0, timeout: 30, http: {{write_timeout: 0.2}}}}\n"
    )
    with pytest.raises(openai.APITimeoutError) as caught:
        how(byoclient.load(write(text)), "x" * 8_000_000)
    assert type(caught.value.__cause__).__name__ == "WriteTimeout"


@BOTH
def test_default_headers_win_over_those_of_the_connection(
    emulator: Emulator, write: Write, how: Ask, tmp_path: Path
) -> None:
    """What only one of them names is sent as it stands there; a value may stand in a file."""
    (tmp_path / "team").write_text("blue\n")
    more = (
        f"  http: {{headers: {{X-Team: red, x-unit: {{file: {tmp_path / 'team'}}}}}}}\n"
        "  default_headers: {x-team: green, x-floor: '3'}\n"
    )
    clients = byoclient.load(write(azure_file(emulator, f"api_key: {emulator.api_key}", more=more)))
    assert "ping" in how(clients)
    sent = emulator.requests[-1].headers
    assert (sent["x-team"], sent["x-unit"], sent["x-floor"]) == ("green", "blue", "3")


@pytest.mark.parametrize("how", [many, async_many])
def test_headers_of_the_connection_go_to_each_endpoint(emulator: Emulator, write: Write, how: Many) -> None:
    """In the form with several, too."""
    text = (
        "model: gpt-4o\nclient_provider: azure_openai\nasync_client_provider: azure_openai\n"
        "options:\n  api_version: 2024-10-21\n  http: {headers: {x-team: blue}}\n  default_headers: {x-floor: '3'}\n"
        f"  endpoints:\n  - {{azure_endpoint: '{emulator.url}', api_key: {emulator.api_key}}}\n"
    )
    assert all(own(how(byoclient.load(write(text)), 2)))
    assert {(each.headers["x-team"], each.headers["x-floor"]) for each in emulator.requests} == {("blue", "3")}
