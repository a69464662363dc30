"""`http:` in YAML: limits, time, headers, proxies, certificates; shared where they are equal."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

import byoclient
from byoclient.emulator import Emulator
from byoclient.transport import ClientHttp, async_http_client, http_client, shared
from tests.conftest import Write
from tests.support.waiting import until
from tests.yaml_files import MESSAGES, azure_file


def load(emulator: Emulator, write: Write, http: str, name: str = "llm.yaml") -> byoclient.Clients:
    more = f"  max_retries: 0\n  http: {http}\n"
    return byoclient.load(write(azure_file(emulator, f"api_key: {emulator.api_key}", more=more), name))


def ask(clients: byoclient.Clients) -> str:
    answer = clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES)
    return answer.choices[0].message.content or ""


def used(emulator: Emulator) -> int:
    """How many connections the requests came on."""
    return len({request.connection for request in emulator.requests})


def test_loads_with_the_same_options_share_a_connection(emulator: Emulator, write: Write) -> None:
    """Whichever file they stand in."""
    several = [load(emulator, write, "{max_connections: 31}", f"{name}.yaml") for name in "abc"]
    for clients in several:
        ask(clients)
    assert used(emulator) == 1


def test_closing_one_leaves_the_others_working(emulator: Emulator, write: Write) -> None:
    """The pool is closed with the last of them."""
    first, second = (load(emulator, write, "{max_connections: 32}", f"{name}.yaml") for name in "ab")
    ask(first), ask(second)
    first.close()
    assert "ping" in ask(second)
    assert used(emulator) == 1
    second.close()
    assert not [options for options in shared._all if options.max_connections == 32]


def test_no_more_connections_than_the_file_says(emulator: Emulator, write: Write) -> None:
    """The others wait for one."""
    clients = load(emulator, write, "{max_connections: 2}")
    with ThreadPoolExecutor(8) as threads:
        assert len(list(threads.map(lambda _: ask(clients), range(24)))) == 24
    assert used(emulator) <= 2


def test_who_waits_too_long_for_a_connection_is_told(emulator: Emulator, write: Write) -> None:
    """A pool timeout is the SDK's timeout, and takes no connection away."""
    clients = load(emulator, write, "{max_connections: 1, pool_timeout: 0.05}")
    emulator.break_answers(hang=True)
    holding = threading.Thread(target=ask, args=(clients,))
    holding.start()
    until(lambda: emulator.requests)
    with pytest.raises(openai.APITimeoutError):
        ask(clients)
    emulator.mend()
    holding.join()
    assert "ping" in ask(clients)


def test_no_more_idle_connections_than_the_file_says(emulator: Emulator, write: Write) -> None:
    """Four requests at once, and one of their connections stays; sync and async."""
    clients = load(emulator, write, "{max_connections: 35, max_keepalive_connections: 1}")
    emulator.break_answers(slow=0.2)
    with ThreadPoolExecutor(4) as threads:
        assert len(list(threads.map(lambda _: ask(clients), range(4)))) == 4
    assert used(emulator) == 4
    (pools,) = (found for options, found in shared._all.items() if options.max_connections == 35)
    assert pools.transport is not None
    assert len(pools.transport._pool._idle) == 1

    async def run() -> int:
        create = clients.async_client().chat.completions.create
        await asyncio.gather(*(create(model="gpt-4o", messages=MESSAGES) for _ in range(4)))
        (of_loop,) = pools.of_loops.values()
        return len(of_loop.transport._pool._idle)

    assert asyncio.run(run()) == 1
    assert used(emulator) == 8


def test_a_silent_server_is_left_after_the_read_timeout(emulator: Emulator, write: Write) -> None:
    """Seconds for each piece of an answer, the first one too."""
    emulator.break_answers(hang=True)
    with pytest.raises(openai.APITimeoutError):
        ask(load(emulator, write, "{read_timeout: 0.1}"))


def test_a_connection_that_the_server_closed_is_not_used_again(write: Write) -> None:
    """No request is lost on it."""
    with Emulator() as own:  # one that no client of another test is still connected to
        clients = load(own, write, "{max_connections: 33}")
        own.break_answers(idle_close=True)
        for _ in range(5):
            ask(clients)
            until(lambda: not own.connections)
        assert len(own.requests) == used(own) == 5


def test_headers_travel_with_each_request(emulator: Emulator, write: Write) -> None:
    """Those of the connection's options."""
    ask(load(emulator, write, "{headers: {x-team: blue}}"))
    assert emulator.requests[-1].headers["x-team"] == "blue"


def test_timeouts_of_the_phases_win_over_that_of_the_client(emulator: Emulator, write: Write) -> None:
    """The others keep the client's."""
    more = "  timeout: 30\n  http: {read_timeout: 7, connect_timeout: 2}\n"
    path = write(azure_file(emulator, f"api_key: {emulator.api_key}", more=more))
    timeout = byoclient.load(path).client().timeout
    assert isinstance(timeout, openai.Timeout)
    assert (timeout.read, timeout.connect, timeout.write) == (7, 2, 30)


def test_a_third_partys_client_gets_the_same_connections(emulator: Emulator) -> None:
    """With one argument; two clients share one connection."""
    for _ in range(2):
        client = openai.AzureOpenAI(
            azure_endpoint=emulator.url,
            api_key=emulator.api_key,
            api_version="2024-10-21",
            http_client=http_client(ClientHttp(max_connections=34)),
        )
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert used(emulator) == 1
    assert async_http_client().follow_redirects is False


def test_tls_and_http2_are_spoken(emulator: Emulator, write: Write) -> None:
    """Over the emulator's https side, which knows HTTP/1.1 only: offering HTTP/2 breaks nothing."""
    text = azure_file(
        emulator, f"api_key: {emulator.api_key}", more=f"  http: {{ca_file: '{emulator.ca_file}', http2: true}}\n"
    )
    clients = byoclient.load(write(text.replace(emulator.url, emulator.tls_url)))
    assert "ping" in ask(clients)
    assert "ping" in ask(clients)
    assert used(emulator) == 1
