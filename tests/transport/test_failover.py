"""A request goes to the next endpoint where one fails; sync and async, whole and streamed."""

from __future__ import annotations

import logging
import time

import openai
import pytest

import byoclient
from byoclient.emulator import Emulator
from byoclient.transport.compat import httpx
from byoclient.transport.failover import retry_after
from tests.conftest import Write
from tests.support.regions import Ask, ask, async_ask, async_stream, counts, entry, file_of, ranked, states, stream

Regions = tuple[Emulator, Emulator]
EACH = pytest.mark.parametrize("ask", [ask, async_ask, stream, async_stream])


@EACH
def test_the_lowest_priority_gets_all_requests_while_it_is_healthy(regions: Regions, write: Write, ask: Ask) -> None:
    """Provisioned throughput first."""
    west, north = regions
    clients = byoclient.load(write(file_of(entry(north, "priority: 1"), entry(west))))
    assert all("ping" in ask(clients) for _ in range(5))
    assert counts(west, north) == (5, 0)


@EACH
def test_a_429_spills_over_and_the_endpoint_is_left_alone_as_long_as_it_asks(
    regions: Regions, write: Write, ask: Ask
) -> None:
    """The first request is sent twice, the others go to the second endpoint at once."""
    west, north = regions
    west.break_answers(status=429, retry_after=60)
    clients = byoclient.load(write(ranked(west, north)))
    assert all("ping" in ask(clients) for _ in range(5))
    assert counts(west, north) == (1, 5)
    assert states(clients) == ["open", "closed"]


@EACH
@pytest.mark.parametrize(
    "fault",
    [{"status": 500}, {"status": 503}, {"status": 408}, {"drop": True}, {"reset": "before"}, {"cut": 0}],
    ids=lambda fault: str(*fault.items()),
)
def test_a_fault_goes_on_to_the_other_endpoint(
    regions: Regions, write: Write, ask: Ask, fault: dict[str, object]
) -> None:
    """Whatever it is, until the first byte of the body; the third in a row opens the breaker."""
    west, north = regions
    west.break_answers(**fault)  # type: ignore[arg-type]
    clients = byoclient.load(write(ranked(west, north)))
    assert all("ping" in ask(clients) for _ in range(5))
    assert counts(west, north) == (3, 5)
    assert states(clients) == ["open", "closed"]


@EACH
def test_an_endpoint_that_is_silent_is_left_for_the_other(regions: Regions, write: Write, ask: Ask) -> None:
    """After the request's own timeout."""
    west, north = regions
    west.break_answers(hang=True)
    more = "  max_retries: 0\n  timeout: 0.2\n"
    clients = byoclient.load(write(ranked(west, north, more=more)))
    assert "ping" in ask(clients)
    assert counts(west, north) == (1, 1)


@EACH
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_other_refusals_are_the_answer(regions: Regions, write: Write, ask: Ask, status: int) -> None:
    """Another endpoint would give the same; the refusing one works."""
    west, north = regions
    west.break_answers(status=status)
    clients = byoclient.load(write(ranked(west, north)))
    with pytest.raises(openai.APIStatusError) as caught:
        ask(clients)
    assert caught.value.status_code == status
    assert counts(west, north) == (1, 0)
    assert states(clients) == ["closed", "closed"]


@EACH
def test_where_all_fail_the_last_answer_is_the_sdks_error(regions: Regions, write: Write, ask: Ask) -> None:
    """Each was tried once."""
    west, north = regions
    west.break_answers(status=500)
    north.break_answers(status=503)
    clients = byoclient.load(write(ranked(west, north)))
    with pytest.raises(openai.InternalServerError) as caught:
        ask(clients)
    assert caught.value.status_code == 503
    assert counts(west, north) == (1, 1)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After-Ms": "250", "Retry-After": "7"}, 0.25),
        ({"Retry-After-Ms": "soon", "Retry-After": "7"}, 7),
        ({"Retry-After": "Fri, 01 Jan 1999 00:00:00 GMT"}, None),
        ({"Retry-After": "Fri, 01 Jan 99999 00:00:00 GMT"}, None),
        ({"Retry-After": "Fri, 01 Jan 99999999999 00:00:00"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After-Ms": "nan"}, None),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    """Milliseconds win, as in the SDK; what is no time in the future asks for nothing."""
    assert retry_after(httpx.Headers(headers)) == seconds


def test_retry_after_may_be_a_date() -> None:
    """In the future; it becomes seconds from now."""
    begun = time.time()
    seconds = retry_after(httpx.Headers({"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}))
    assert seconds is not None
    assert begun + seconds <= 4_102_444_800 <= time.time() + seconds


def test_log_lines_tell_what_happened_without_queries_and_keys(
    regions: Regions, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    """Of this logger; an opening is a warning."""
    west, north = regions
    west.break_answers(status=429, retry_after=60)
    caplog.set_level(logging.INFO, "byoclient.failover")
    clients = byoclient.load(write(file_of(entry(west, "name: ptu"), entry(north, "name: payg, priority: 1"))))
    ask(clients)
    lines = [(record.levelname, record.getMessage()) for record in caplog.records if record.name.startswith("byo")]
    (opened, (level, went_on)) = lines
    assert opened[0] == "WARNING"
    assert opened[1].startswith("endpoint ptu: 429; left alone for 6")
    assert (level, went_on) == ("INFO", "endpoint ptu: 429; the request goes on to payg")
