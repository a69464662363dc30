"""`http2: true`, at a server that speaks it: many requests share a connection, as far as its limits go."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable

import openai
import pytest

import byoclient
from byoclient import Clients
from byoclient.emulator import Emulator
from tests.support.at_once import (
    Many,
    Question,
    async_many,
    async_question,
    later,
    many,
    named,
    own,
    question,
    used,
)
from tests.support.gateway import Gateway
from tests.support.regions import Ask, ask, async_ask, async_stream, stream
from tests.support.waiting import until
from tests.transport.conftest import LoadHttp

EACH = pytest.mark.parametrize("how", [ask, async_ask, stream, async_stream])
MANY = pytest.mark.parametrize("how", [many, async_many])
HTTP2 = "http2: true"
ONE = "http2: true, max_connections: 1"


@EACH
def test_requests_and_streams_are_http2(gateway: Gateway, load_http: LoadHttp, how: Ask) -> None:
    """One after another on one connection, of each event loop."""
    clients = load_http(gateway, HTTP2)
    assert "ping" in how(clients)
    assert "ping" in how(clients)
    assert gateway.versions == ["2", "2"]
    assert used(gateway) == (1 if how in (ask, stream) else 2)


@EACH
def test_without_the_option_they_are_not(gateway: Gateway, load_http: LoadHttp, how: Ask) -> None:
    """Though the server knows it."""
    assert "ping" in how(load_http(gateway, "http2: false"))
    assert gateway.versions == ["1.1"]


@MANY
def test_requests_at_once_share_a_connection(gateway: Gateway, load_http: LoadHttp, how: Many) -> None:
    """All are on their way before the first is answered, and each gets its own answer."""
    clients = load_http(gateway, HTTP2)
    gateway.break_answers(hang=True)
    asked = later(how, clients, 24)
    until(lambda: len(gateway.requests) == 24)
    gateway.mend()
    assert all(own(asked.result()))
    assert gateway.most_at_once == 24
    assert used(gateway) == 1


@MANY
def test_no_answer_is_lost_or_crossed(gateway: Gateway, load_http: LoadHttp, how: Many) -> None:
    """However many threads or tasks write and read at once."""
    clients = load_http(gateway, HTTP2)
    assert all(all(own(how(clients, 24))) for _ in range(6))
    assert set(gateway.versions) == {"2"}
    assert used(gateway) == (1 if how is many else 6)


@MANY
def test_a_connection_takes_no_more_at_once_than_the_server_wants(
    narrow: Gateway, load_http: LoadHttp, how: Many
) -> None:
    """The others wait for a place."""
    assert all(own(how(load_http(narrow, ONE), 12)))
    assert used(narrow) == 1
    assert narrow.most_at_once <= 3


@MANY
def test_there_are_more_connections_where_one_has_no_place(narrow: Gateway, load_http: LoadHttp, how: Many) -> None:
    """As many as are needed."""
    narrow.break_answers(hang=True)
    asked = later(how, load_http(narrow, HTTP2), 9)
    until(lambda: len(narrow.requests) == 9)
    narrow.mend()
    assert all(own(asked.result()))
    assert used(narrow) == 3


def ask_one_too_many(clients: Clients, gateway: Gateway) -> list[str]:
    """Ask three questions that stay without an answer, and a fourth; return the answers to the three."""
    asked = later(many, clients, 3)
    until(lambda: len(gateway.requests) == 3)
    with pytest.raises(openai.APITimeoutError):
        ask(clients)
    gateway.mend()
    return list(asked.result())


def async_ask_one_too_many(clients: Clients, gateway: Gateway) -> list[str]:
    """Do the same over the async client."""

    async def run() -> list[str]:
        create = clients.async_client().chat.completions.create
        questions = [named(f"question-{number}.") for number in range(4)]
        asked = [asyncio.ensure_future(create(model="gpt-4o", messages=question)) for question in questions[:3]]
        while len(gateway.requests) < 3:
            await asyncio.sleep(0)
        with pytest.raises(openai.APITimeoutError):
            await create(model="gpt-4o", messages=questions[3])
        gateway.mend()
        return [answer.choices[0].message.content or "" for answer in await asyncio.gather(*asked)]

    return asyncio.run(run())


@pytest.mark.parametrize("how", [ask_one_too_many, async_ask_one_too_many])
def test_who_waits_too_long_for_a_place_is_told(
    narrow: Gateway, load_http: LoadHttp, how: Callable[[Clients, Gateway], list[str]]
) -> None:
    """A pool timeout is the SDK's timeout, and takes no place away."""
    clients = load_http(narrow, f"{ONE}, pool_timeout: 0.1")
    narrow.break_answers(hang=True)
    assert all(own(how(clients, narrow)))
    assert "ping" in ask(clients)


@pytest.mark.parametrize("how", [question, async_question])
def test_long_questions_and_answers_pass_the_windows(gateway: Gateway, load_http: LoadHttp, how: Question) -> None:
    """A server takes 64 KiB at first, and more when it has read them."""
    text = "0123456789" * 40_000
    assert text in how(load_http(gateway, HTTP2), text)


def leave(clients: Clients, count: int) -> None:
    """Begin streams, and close each after its first piece."""
    create = clients.client().chat.completions.create
    for _ in range(count):
        with create(model="gpt-4o", messages=named("ping"), stream=True) as answer:
            next(iter(answer))


def async_leave(clients: Clients, count: int) -> None:
    """Do the same over the async client."""

    async def run() -> None:
        create = clients.async_client().chat.completions.create
        for _ in range(count):
            async with await create(model="gpt-4o", messages=named("ping"), stream=True) as answer:
                await anext(aiter(answer))

    asyncio.run(run())


def abandon(clients: Clients, count: int) -> None:
    """Begin streams, and leave each to the garbage collector."""
    create = clients.client().chat.completions.create
    for _ in range(count):
        next(iter(create(model="gpt-4o", messages=named("ping"), stream=True)))
        gc.collect()  # the SDK's responses are cycles


@pytest.mark.parametrize("how", [leave, async_leave, abandon])
def test_a_stream_that_is_left_early_gives_its_place_back(
    narrow: Gateway, load_http: LoadHttp, how: Callable[[Clients, int], None]
) -> None:
    """The server hears of it, and the connection stays."""
    narrow.cut_streams(2, "silence")  # by itself none ends
    how(load_http(narrow, ONE), 10)
    assert len(narrow.requests) == 10
    assert used(narrow) == 1


@MANY
def test_a_server_that_does_not_know_it_is_spoken_to_as_ever(
    emulator: Emulator, load_http: LoadHttp, how: Many
) -> None:
    """On a connection for each request at once."""
    clients = load_http(emulator, HTTP2, url=emulator.tls_url)
    emulator.break_answers(hang=True)
    asked = later(how, clients, 6)
    until(lambda: len(emulator.requests) == 6)
    emulator.mend()
    assert all(own(asked.result()))
    assert used(emulator) == 6


def test_without_its_library_the_option_is_an_error(
    gateway: Gateway, load_http: LoadHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the file is loaded; it says what to type."""
    monkeypatch.setitem(sys.modules, "h2", None)  # as Python notes a module that is not there
    with pytest.raises(byoclient.ConfigError) as caught:
        load_http(gateway, HTTP2)
    told = "options.http.http2: needs the library h2. Type: pip install 'byoclient[http2]'."
    assert str(caught.value).endswith(f"llm.yaml:9: {told}")
