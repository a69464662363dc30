"""A region that dies under load, time that runs out, and what cannot be sent twice."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

import byoclient
from byoclient import Clients
from byoclient.emulator import Emulator
from byoclient.transport import breaker, budget
from tests.conftest import Write
from tests.support import asking
from tests.support.ledger import Ledger
from tests.support.regions import (
    Ask,
    ask,
    async_ask,
    async_stream,
    counts,
    entry,
    file_of,
    ranked,
    states,
    stream,
)
from tests.yaml_files import MESSAGES

Regions = tuple[Emulator, Emulator]
EACH = pytest.mark.parametrize("ask", [ask, async_ask, stream, async_stream])
BOTH = pytest.mark.parametrize("ask", [ask, async_ask])
REQUESTS = 300
AT_ONCE = 8


@pytest.fixture
def dying() -> Iterator[Emulator]:
    """A region of its own, since it does not come back."""
    with Emulator(api_key="key-of-the-dying") as emulator:
        yield emulator


def threads(clients: Clients, ledger: Ledger, emulator: Emulator, work: Any) -> None:
    """Ask from several threads, and close the emulator in the middle."""

    def one(number: int) -> None:
        if number == REQUESTS // 3:
            emulator.close()
        work(clients.client(), ledger)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, range(REQUESTS)))


def tasks(clients: Clients, ledger: Ledger, emulator: Emulator, work: Any) -> None:
    """The same in tasks."""

    async def run() -> None:
        left = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> None:
            async with left:
                if number == REQUESTS // 3:
                    await asyncio.to_thread(emulator.close)
                await work(clients.async_client(), ledger)

        await asyncio.gather(*map(one, range(REQUESTS)))

    asyncio.run(run())


@pytest.mark.parametrize(
    ("run", "work"),
    [(threads, asking.ask), (tasks, asking.async_ask)],
    ids=["sync", "async"],
)
def test_a_region_that_dies_under_load_loses_no_request(
    dying: Emulator, regions: Regions, write: Write, run: Any, work: Any
) -> None:
    """Two of equal rank, the SDK's own retries off: what was on its way to the dead one goes on to the other."""
    _, north = regions
    clients = byoclient.load(write(file_of(entry(dying), entry(north))))
    clients.prepare()
    ledger = Ledger()
    run(clients, ledger, dying, work)
    account = ledger.account({})
    assert (account.sent, account.lost, account.crossed, ledger.errors) == (REQUESTS, 0, 0, [])
    left, working = states(clients)
    assert left in ("open", "half-open")  # its pause may be over by now
    assert working == "closed"
    assert min(counts(dying, north)) > 0


@BOTH
def test_extra_requests_have_a_bound(regions: Regions, write: Write, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both fail now and then: a request is sent twice only as often as the budget allows."""
    west, north = regions
    for emulator, seed in ((west, 1), (north, 2)):
        emulator.break_answers(status=500, rate=0.45, seed=seed)
    clients = byoclient.load(write(file_of(entry(west), entry(north))))
    monkeypatch.setattr(breaker, "FAILURES", 10**9)
    failed = 0
    for _ in range(80):
        try:
            ask(clients)
        except openai.InternalServerError:
            failed += 1
    extra = sum(counts(west, north)) - 80
    assert 0 < extra <= budget.FLOOR * 2 + 80 * budget.SHARE
    assert failed > 0


@BOTH
def test_all_endpoints_share_the_total_time(regions: Regions, write: Write, ask: Ask) -> None:
    """The first is silent until it is over; the second is not tried any more."""
    west, north = regions
    west.break_answers(hang=True)
    more = "  max_retries: 0\n  http: {total_timeout: 0.2}\n"
    clients = byoclient.load(write(ranked(west, north, more=more)))
    with pytest.raises(openai.APITimeoutError):
        ask(clients)
    assert counts(west, north) == (1, 0)


@BOTH
def test_who_got_too_little_time_is_not_blamed(regions: Regions, write: Write, ask: Ask) -> None:
    """The first used most of it."""
    west, north = regions
    west.break_answers(hang=True)
    north.break_answers(hang=True)
    more = "  max_retries: 0\n  timeout: 0.2\n  http: {total_timeout: 0.3}\n"
    clients = byoclient.load(write(ranked(west, north, more=more)))
    with pytest.raises(openai.APITimeoutError):
        ask(clients)
    assert counts(west, north) == (1, 1)
    assert [endpoint.failures for endpoint in clients.endpoints()] == [1, 0]


def test_where_both_regions_are_down_the_sdk_says_so(write: Write, dying: Emulator) -> None:
    """Its own error; the next request is sent all the same, to the one that may be tried soonest."""
    text = file_of(entry(dying), entry(dying, "azure_deployment: gpt-4o"))
    dying.close()
    clients = byoclient.load(write(text))
    for _ in range(5):
        with pytest.raises(openai.APIConnectionError):
            ask(clients)
    assert states(clients) == ["open", "open"]
    assert sum(endpoint.requests for endpoint in clients.endpoints()) > 6


@EACH
def test_a_region_that_works_again_is_found_by_one_request(
    regions: Regions, write: Write, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it gets all of them again."""
    west, north = regions
    monkeypatch.setattr(breaker, "PAUSE", 0.01)
    west.break_answers(status=500)
    clients = byoclient.load(write(ranked(west, north)))
    while states(clients)[0] == "closed":
        ask(clients)
    west.mend()
    while states(clients)[0] != "closed":
        ask(clients)
    north.clear_requests()
    ask(clients)
    assert counts(north) == (0,)


@pytest.mark.parametrize("ask", [stream, async_stream])
def test_a_stream_that_breaks_off_later_raises_and_is_not_begun_again(regions: Regions, write: Write, ask: Ask) -> None:
    """The reader has its beginning already; the endpoint is blamed."""
    west, north = regions
    west.break_answers(cut=400)
    clients = byoclient.load(write(ranked(west, north)))
    with pytest.raises(openai.APIConnectionError):
        ask(clients)
    assert counts(west, north) == (1, 0)
    assert clients.endpoints()[0].failures == 1


def test_a_body_that_cannot_be_read_again_is_sent_once(regions: Regions, write: Write) -> None:
    """As an upload, which is read while it is sent."""
    west, north = regions
    west.break_answers(status=500)
    client = byoclient.load(write(ranked(west, north))).client()
    with pytest.raises(openai.InternalServerError):
        client.post("/deployments/gpt-4o/embeddings", cast_to=object, files={"file": io.BytesIO(b"x" * 10_000)})
    assert counts(west, north) == (1, 0)
    assert len(west.requests[0].body) > 10_000


def test_copies_of_a_client_fail_over_too(regions: Regions, write: Write) -> None:
    """As adapters make them."""
    west, north = regions
    west.break_answers(status=500)
    clients = byoclient.load(write(ranked(west, north)))
    copy = clients.client().with_options(timeout=5).with_options(max_retries=0)
    assert copy.chat.completions.create(model="gpt-4o", messages=MESSAGES).choices
    assert counts(west, north) == (1, 1)


def test_streams_share_a_connection(regions: Regions, write: Write) -> None:
    """Ten of each side, one after another: what stands between the SDK and the pool gives it back at the last piece."""
    west, _ = regions
    clients = byoclient.load(write(file_of(entry(west))))

    async def run() -> None:
        for _ in range(10):
            create = clients.async_client().chat.completions.create
            answer = await create(model="gpt-4o", messages=MESSAGES, stream=True)
            async for _chunk in answer:
                pass
        await clients.aclose()

    assert all(stream(clients) for _ in range(10))
    asyncio.run(run())
    assert west.connections_opened == 2


def test_a_cancelled_request_is_nobodys_fault(regions: Regions, write: Write) -> None:
    """And holds no probe."""
    west, north = regions
    west.break_answers(hang=True)
    clients = byoclient.load(write(ranked(west, north)))

    async def run() -> None:
        create = clients.async_client().chat.completions.create
        task = asyncio.create_task(create(model="gpt-4o", messages=MESSAGES))
        while not west.requests:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await clients.aclose()

    asyncio.run(run())
    assert counts(west, north) == (1, 0)


def test_a_request_that_is_cancelled_between_two_endpoints_holds_no_probe(
    regions: Regions, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the first one's answer is put away: or nobody would ever try the second again."""
    west, north = regions
    monkeypatch.setattr(breaker, "PAUSE", 0.0)
    west.break_answers(status=500)
    clients = byoclient.load(write(ranked(west, north)))
    _, second = clients.async_client()._client.endpoints.all  # type: ignore[attr-defined]
    for _ in range(breaker.FAILURES):
        second.breaker.fail(second.breaker.force())

    async def run() -> None:
        create = clients.async_client().chat.completions.create
        task = asyncio.create_task(create(model="gpt-4o", messages=MESSAGES))
        while second.breaker._probe() is None:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()

    asyncio.run(run())
    assert counts(north) == (0,)
    assert second.breaker.take() is not None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_child_knows_what_its_parent_knew_and_goes_on(regions: Regions, write: Write) -> None:
    """Which endpoint is down; with locks of its own."""
    west, north = regions
    west.break_answers(status=429, retry_after=60)
    clients = byoclient.load(write(ranked(west, north)))
    ask(clients)
    first, _ = clients.client()._client.endpoints.all  # type: ignore[attr-defined]
    with first.breaker._lock:  # as another thread of the parent may hold it
        child = os.fork()
        if not child:
            try:
                os._exit(sum("ping" in ask(clients) for _ in range(3)) + 10 * (states(clients)[0] == "open"))
            finally:
                os._exit(255)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 13
    assert counts(west, north) == (1, 4)
