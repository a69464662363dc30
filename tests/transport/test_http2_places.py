"""HTTP/2 connections in forks, in several event loops, through proxies, and between endpoints."""

from __future__ import annotations

import asyncio
import os
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trio

import byoclient
from byoclient import Clients
from tests.conftest import Write
from tests.support.at_once import Many, async_many, many, named, own, question, used
from tests.support.connect_proxy import ConnectProxy
from tests.support.gateway import Gateway
from tests.support.regions import Ask, ask, async_ask, async_stream, counts, ranked, states, stream
from tests.transport.conftest import LoadHttp

EACH = pytest.mark.parametrize("how", [ask, async_ask, stream, async_stream])
MANY = pytest.mark.parametrize("how", [many, async_many])
HTTP2 = "http2: true"
CHILDREN = 3


def fork(how: Many, clients: Clients) -> int:
    """Ask in a child, whose exit status is how many answers were right."""
    child = os.fork()
    if child:
        return child
    try:
        os._exit(sum(own(how(clients, 5))))
    finally:
        os._exit(255)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
@MANY
def test_children_and_parent_get_their_own_answers(gateway: Gateway, load_http: LoadHttp, how: Many) -> None:
    """On connections of their own; that of the parent stays, with the stream that it has open."""
    clients = load_http(gateway, HTTP2)
    gateway.cut_streams(1, "silence")
    held = clients.client().chat.completions.create(model="gpt-4o", messages=named("held"), stream=True)
    gateway.mend()
    assert all(own(how(clients, 5)))
    children = [fork(how, clients) for _ in range(CHILDREN)]
    assert all(own(how(clients, 5)))
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [5] * CHILDREN
    assert all(own(how(clients, 5)))
    held.close()
    assert set(gateway.versions) == {"2"}
    assert used(gateway) == CHILDREN + (1 if how is many else 4)


def test_loops_that_live_at_once_do_not_share_connections(gateway: Gateway, load_http: LoadHttp) -> None:
    """Each in a thread of its own, and with requests at once."""
    clients, barrier = load_http(gateway, HTTP2), threading.Barrier(3)

    async def run() -> int:
        create = clients.async_client().chat.completions.create
        await asyncio.gather(*(create(model="gpt-4o", messages=named("ping")) for _ in range(4)))
        await asyncio.to_thread(barrier.wait)
        return len(await asyncio.gather(*(create(model="gpt-4o", messages=named("ping")) for _ in range(4))))

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(lambda _: asyncio.run(run()), range(3))) == [4] * 3
    assert used(gateway) == 3


def test_trio_speaks_it_too(gateway: Gateway, load_http: LoadHttp) -> None:
    """With tasks at once, one of which is cancelled."""
    clients, answers = load_http(gateway, HTTP2), []

    async def one() -> None:
        answer = await clients.async_client().chat.completions.create(model="gpt-4o", messages=named("ping"))
        answers.append(answer.choices[0].message.content or "")

    async def run() -> None:
        await one()
        gateway.break_answers(hang=True)
        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(one)
            with trio.move_on_after(0.1):
                await one()
            gateway.mend()

    trio.run(run)
    assert ["ping" in answer for answer in answers] == [True] * 5
    assert used(gateway) == 1


@pytest.fixture
def proxy(request: pytest.FixtureRequest, gateway: Gateway) -> Iterator[ConnectProxy]:
    """A proxy, spoken to over TLS or not."""
    context = None
    if request.param:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(Path(gateway.ca_file).with_name("server.pem"))
        context.set_alpn_protocols(["h2", "http/1.1"])  # and it would not be offered HTTP/2
    with ConnectProxy(context) as running:
        yield running


@MANY
@pytest.mark.parametrize("proxy", [False, True], indirect=True, ids=["http", "https"])
def test_it_goes_through_a_tunnel(gateway: Gateway, load_http: LoadHttp, proxy: ConnectProxy, how: Many) -> None:
    """One of a proxy, which itself is asked in HTTP/1.1."""
    clients = load_http(gateway, f"{HTTP2}, proxy: '{proxy.url}'")
    assert all(own(how(clients, 8)))
    assert set(gateway.versions) == {"2"}
    assert proxy.lines == [f"CONNECT {gateway.url.removeprefix('https://')} HTTP/1.1"]
    clients.close()


@pytest.mark.parametrize("proxy", [True], indirect=True)
def test_long_answers_come_through_a_tunnel_whole(gateway: Gateway, load_http: LoadHttp, proxy: ConnectProxy) -> None:
    """Of TLS within TLS, where what was decrypted is more than what the socket still has."""
    clients, text = load_http(gateway, f"{HTTP2}, proxy: '{proxy.url}', total_timeout: 4"), "0123456789" * 40_000
    assert text in question(clients, text)
    clients.close()


@EACH
@pytest.mark.parametrize("fault", ["status", "cut", "silence"])
def test_a_request_goes_on_to_the_next_endpoint(
    gateway: Gateway, narrow: Gateway, write: Write, tmp_path: Path, how: Ask, fault: str
) -> None:
    """After an error, a cut connection or no answer; over HTTP/2 on both."""
    trusted = tmp_path / "both.pem"
    trusted.write_text(Path(gateway.ca_file).read_text() + Path(narrow.ca_file).read_text())
    own_time = "  timeout: 0.3\n" if fault == "silence" else ""
    more = f"  max_retries: 0\n{own_time}  http: {{{HTTP2}, ca_file: '{trusted}'}}\n"
    with byoclient.load(write(ranked(gateway, narrow, more=more))) as clients:
        assert "ping" in how(clients)
        if fault == "cut":
            gateway.cut_streams(0, "connection")
        else:
            gateway.break_answers(**{"status": 503} if fault == "status" else {"hang": True})
        assert "ping" in how(clients)
        assert counts(gateway, narrow) == (2, 1)
        assert gateway.versions + narrow.versions == ["2"] * 3
        assert states(clients) == ["closed", "closed"]
