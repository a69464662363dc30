"""What goes wrong on an HTTP/2 connection hits the requests that it is about, and no others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import openai
import pytest

from byoclient import Clients
from tests.support.at_once import later, named, used
from tests.support.gateway import By, Gateway
from tests.support.regions import Ask, ask, async_ask, async_stream, stream
from tests.support.waiting import until
from tests.transport.conftest import LoadHttp

EACH = pytest.mark.parametrize("how", [ask, async_ask, stream, async_stream])
STREAMS = pytest.mark.parametrize("how", [stream, async_stream])
HTTP2 = "http2: true"


@STREAMS
@pytest.mark.parametrize("by", ["connection", "stream"])
def test_a_stream_that_is_cut_off_raises(gateway: Gateway, load_http: LoadHttp, how: Ask, by: By) -> None:
    """The connection with it, or the stream alone; what comes next is answered."""
    clients = load_http(gateway, HTTP2)
    gateway.cut_streams(3, by)
    with pytest.raises(openai.APIConnectionError, match="cut off before its end"):
        how(clients)
    gateway.mend()
    assert "ping" in how(clients)
    assert used(gateway) == (1 if by == "stream" and how is stream else 2)


@STREAMS
def test_an_end_that_never_comes_is_not_waited_for(gateway: Gateway, load_http: LoadHttp, how: Ask) -> None:
    """The answer is complete at `[DONE]`; the connection stays."""
    gateway.break_answers(tail=False)
    clients = load_http(gateway, HTTP2)
    assert "ping" in how(clients)
    assert "ping" in how(clients)
    assert used(gateway) == (1 if how is stream else 2)


@STREAMS
def test_comments_alone_do_not_hold_a_stream_past_its_total_timeout(
    gateway: Gateway, load_http: LoadHttp, how: Ask
) -> None:
    """Something is read all the time."""
    gateway.break_answers(ping=0.01)
    with pytest.raises(openai.APITimeoutError):
        how(load_http(gateway, f"{HTTP2}, total_timeout: 0.3"))


@EACH
def test_silence_does_not_hold_a_request_past_its_total_timeout(
    gateway: Gateway, load_http: LoadHttp, how: Ask
) -> None:
    """Before the first byte of the answer."""
    gateway.break_answers(hang=True)
    with pytest.raises(openai.APITimeoutError):
        how(load_http(gateway, f"{HTTP2}, total_timeout: 0.2"))


@EACH
def test_what_is_on_its_way_is_answered_by_a_server_that_takes_no_more(
    gateway: Gateway, load_http: LoadHttp, how: Ask
) -> None:
    """On the connection that is given up; the next request gets another one."""
    clients = load_http(gateway, HTTP2)
    assert "ping" in how(clients)
    gateway.break_answers(hang=True)
    asked = later(how, clients)
    until(lambda: len(gateway.requests) == 2)
    gateway.go_away()
    gateway.mend()
    assert "ping" in asked.result()
    assert "ping" in how(clients)
    *_, before, after = (request.connection for request in gateway.requests)
    assert before != after


@EACH
def test_a_request_that_the_server_did_not_begin_with_is_sent_again(
    gateway: Gateway, load_http: LoadHttp, how: Ask
) -> None:
    """The server says which; no retry of the SDK is needed."""
    clients = load_http(gateway, HTTP2)
    gateway.break_answers(hang=True)
    asked = later(how, clients)
    until(lambda: len(gateway.requests) == 1)
    gateway.go_away(0)
    until(lambda: len(gateway.requests) == 2)
    gateway.mend()
    assert "ping" in asked.result()
    assert used(gateway) == 2


@EACH
def test_a_connection_that_was_closed_while_nobody_asked_is_not_used(
    gateway: Gateway, load_http: LoadHttp, how: Ask
) -> None:
    """No request is lost on it."""
    clients = load_http(gateway, HTTP2)
    for _ in range(3):
        assert "ping" in how(clients)
        gateway.hang_up()
        until(lambda: not gateway.connections)
    assert used(gateway) == 3


@EACH
def test_a_connection_that_is_cut_fails_what_is_on_it(gateway: Gateway, load_http: LoadHttp, how: Ask) -> None:
    """As the SDK's connection error; the next request gets another one."""
    clients = load_http(gateway, HTTP2)
    gateway.break_answers(hang=True)
    asked = later(how, clients)
    until(lambda: len(gateway.requests) == 1)
    gateway.hang_up()
    with pytest.raises(openai.APIConnectionError):
        asked.result()
    gateway.mend()
    assert "ping" in how(clients)


def hurry(clients: Clients, mend: Callable[[], None]) -> str:
    """Ask with little time beside somebody with much; return what that one is answered in the end."""
    patient = later(ask, clients)
    with pytest.raises(openai.APITimeoutError):
        clients.client().chat.completions.create(model="gpt-4o", messages=named("soon"), timeout=0.2)
    mend()
    return str(patient.result())


def async_hurry(clients: Clients, mend: Callable[[], None]) -> str:
    """Do the same over the async client."""

    async def run() -> str:
        create = clients.async_client().chat.completions.create
        patient = asyncio.ensure_future(create(model="gpt-4o", messages=named("ping")))
        with pytest.raises(openai.APITimeoutError):
            await create(model="gpt-4o", messages=named("soon"), timeout=0.2)
        mend()
        return (await patient).choices[0].message.content or ""

    return asyncio.run(run())


@pytest.mark.parametrize("how", [hurry, async_hurry])
def test_a_request_that_runs_out_of_time_takes_no_other_along(
    gateway: Gateway, load_http: LoadHttp, how: Callable[[Clients, Callable[[], None]], str]
) -> None:
    """Nor the connection."""
    clients = load_http(gateway, HTTP2)
    gateway.break_answers(hang=True)
    assert "ping" in how(clients, gateway.mend)
    assert used(gateway) == 1


def test_a_task_that_is_cancelled_takes_no_other_along(gateway: Gateway, load_http: LoadHttp) -> None:
    """Also where it was the one that reads for all."""
    clients = load_http(gateway, HTTP2)
    gateway.break_answers(hang=True)

    async def run() -> list[bool]:
        create = clients.async_client().chat.completions.create
        asked = [asyncio.ensure_future(create(model="gpt-4o", messages=named(f"q{one}."))) for one in range(10)]
        while len(gateway.requests) < 10:
            await asyncio.sleep(0)
        for task in asked[::2]:
            task.cancel()
        gateway.mend()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        return [isinstance(answer, BaseException) for answer in answers]

    assert asyncio.run(run()) == [True, False] * 5
    assert used(gateway) == 1


def test_a_task_may_be_cancelled_at_any_moment(gateway: Gateway, load_http: LoadHttp) -> None:
    """Also while it writes: a frame that went out by half would end the connection for all."""
    clients = load_http(gateway, HTTP2)

    async def run() -> None:
        create = clients.async_client().chat.completions.create
        for steps in range(40):
            task = asyncio.ensure_future(create(model="gpt-4o", messages=named("x" * 1000)))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await create(model="gpt-4o", messages=named("ping"))

    asyncio.run(run())
    assert used(gateway) == 1


def test_sockets_are_closed_with_the_client_and_with_the_event_loop(load_http: LoadHttp) -> None:
    """The server sees them go."""
    with Gateway() as gateway:  # one to which nobody else is connected
        clients = load_http(gateway, HTTP2)
        assert "ping" in async_ask(clients)
        until(lambda: gateway.connections == 0)
        clients = load_http(gateway, f"{HTTP2}, max_connections: 7")  # not those that the async client holds
        assert "ping" in ask(clients)
        assert gateway.connections == 1
        clients.close()
        until(lambda: gateway.connections == 0)
