"""What is interrupted while a connection is made, and servers that answer slowly on purpose."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import openai
import pytest

import byoclient
from byoclient.emulator import Emulator
from byoclient.transport import ClientHttp, http_client, shared
from byoclient.transport.compat import httpx
from byoclient.transport.shared import Lease
from byoclient.transport.transports import Leases
from tests.conftest import Write
from tests.yaml_files import MESSAGES, azure_file


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """A port of its own, which says what a test says."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        yield listening


def load(emulator: Emulator, write: Write, url: str, http: str) -> byoclient.Clients:
    text = azure_file(emulator, f"api_key: {emulator.api_key}", more=f"  max_retries: 0\n  http: {http}\n")
    return byoclient.load(write(text.replace(emulator.url, url)))


def port(server: socket.socket) -> int:
    number: int = server.getsockname()[1]
    return number


def ends(connection: socket.socket) -> bool:
    """Whether the other end closes a connection."""
    connection.settimeout(5)
    with connection:
        while connection.recv(65536):
            pass
    return True


@pytest.fixture
def no_collections() -> Iterator[None]:
    """Nothing is closed by the garbage collector."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collections")
def test_a_handshake_that_is_cancelled_leaves_no_socket(
    emulator: Emulator, write: Write, server: socket.socket
) -> None:
    """At once, and not when the garbage collector comes."""
    http = f"{{ca_file: '{emulator.ca_file}'}}"
    create = load(emulator, write, f"https://127.0.0.1:{port(server)}", http).async_client().chat.completions.create

    async def run() -> bool:
        task = asyncio.create_task(create(model="gpt-4o", messages=MESSAGES))
        connection, _ = await asyncio.to_thread(server.accept)
        await asyncio.to_thread(connection.recv, 1)  # its first word
        task.cancel()
        await asyncio.wait({task})
        return await asyncio.to_thread(ends, connection)

    assert asyncio.run(run())


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="there are no such signals here")
@pytest.mark.usefixtures("no_collections")
def test_a_request_that_the_keyboard_interrupts_takes_no_connection_away(
    emulator: Emulator, write: Write, server: socket.socket
) -> None:
    """Its socket is closed, and the next one gets another."""
    http = "{max_connections: 1, pool_timeout: 1}"
    create = load(emulator, write, f"http://127.0.0.1:{port(server)}", http).client().chat.completions.create
    ended: list[bool] = []

    def interrupt() -> None:
        connection, _ = server.accept()
        connection.recv(1)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        ended.append(ends(connection))

    before = signal.signal(signal.SIGUSR1, signal.default_int_handler)
    try:
        for _ in range(2):
            thread = threading.Thread(target=interrupt)
            thread.start()
            with pytest.raises(KeyboardInterrupt):
                create(model="gpt-4o", messages=MESSAGES)
            thread.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert ended == [True, True]


def dripping(server: socket.socket, ended: threading.Event) -> None:
    """Answer with a head that takes five seconds."""
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 500 Sorry\r\nContent-Length: 0\r\n")
        for _ in range(500):
            if ended.wait(0.01):
                return
            connection.sendall(b"X-More: more\r\n")
        connection.sendall(b"\r\n")


def ask(clients: byoclient.Clients) -> None:
    clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES)


def async_ask(clients: byoclient.Clients) -> None:
    asyncio.run(clients.async_client().chat.completions.create(model="gpt-4o", messages=MESSAGES))


@pytest.mark.parametrize("asking", [ask, async_ask])
def test_a_head_that_comes_drop_by_drop_does_not_outlive_the_total_timeout(
    emulator: Emulator, write: Write, server: socket.socket, asking: Callable[[byoclient.Clients], None]
) -> None:
    """Each read of it is in time."""
    ended = threading.Event()
    thread = threading.Thread(target=dripping, args=(server, ended))
    thread.start()
    try:
        with pytest.raises(openai.APITimeoutError):
            asking(load(emulator, write, f"http://127.0.0.1:{port(server)}", "{total_timeout: 0.3, read_timeout: 20}"))
    finally:
        ended.set()
        thread.join()


def test_a_request_that_is_sent_again_has_no_new_time() -> None:
    """With a new token, after a refusal."""
    leases = Leases(ClientHttp(total_timeout=5))
    request = httpx.Request("GET", "https://contoso.openai.azure.com", extensions={"timeout": {"read": 3}})
    leases.start(request)
    begun = request.extensions["timeout"]
    leases.start(request)
    assert request.extensions["timeout"] is begun
    assert begun.get("read") == 3


def test_a_lease_that_nobody_holds_is_given_back() -> None:
    """As of a client that was never closed, or of a thread that took one that another one had taken already."""
    client = http_client(ClientHttp(max_connections=42))
    (options,) = [options for options in shared._all if options.max_connections == 42]
    extra = Lease(options)
    assert shared._all[options].leases == 2
    del extra
    assert shared._all[options].leases == 1
    client.close()
    assert options not in shared._all
