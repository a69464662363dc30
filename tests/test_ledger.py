"""The ledger of the fault tests catches what it is there for, with real clients of the lean server."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncAzureOpenAI, AzureOpenAI

from tests.support.asking import ask, async_ask, async_stream, async_stream_response, stream, stream_response
from tests.support.fault_server import API_KEY, FaultServer
from tests.support.leaks import tasks
from tests.support.ledger import Account, Ledger

VERSION = "2025-04-01-preview"


@pytest.fixture(scope="module")
def running() -> Iterator[FaultServer]:
    """One server for this file."""
    with FaultServer() as server:
        yield server


@pytest.fixture
def server(running: FaultServer) -> FaultServer:
    """It, with nothing broken and nothing counted."""
    running.mend()
    running.clear()
    return running


@pytest.fixture
def client(server: FaultServer) -> Iterator[AzureOpenAI]:
    """The plain SDK's client, that tries each request twice."""
    with AzureOpenAI(azure_endpoint=server.url, api_key=API_KEY, api_version=VERSION, max_retries=1) as made:
        yield made


def account(ledger: Ledger, server: FaultServer) -> Account:
    return ledger.account(server.executed)


@pytest.mark.parametrize("call", [ask, stream, stream_response])
def test_a_good_run_balances(call: Callable[..., None], client: AzureOpenAI, server: FaultServer) -> None:
    """Each request is executed and answered once."""
    ledger = Ledger()
    for _ in range(5):
        call(client, ledger)
    assert account(ledger, server) == Account(5, 5, 0, 0, 0, 0, 0)
    assert len(server.executed) == 5


@pytest.mark.parametrize("call", [async_ask, async_stream, async_stream_response])
def test_a_good_async_run_balances(call: Callable[..., Any], server: FaultServer) -> None:
    """The twins."""
    ledger = Ledger()

    async def run() -> None:
        async with AsyncAzureOpenAI(azure_endpoint=server.url, api_key=API_KEY, api_version=VERSION) as client:
            await asyncio.gather(*(call(client, ledger) for _ in range(5)))

    asyncio.run(run())
    assert account(ledger, server) == Account(5, 5, 0, 0, 0, 0, 0)


def test_a_lost_request_is_caught(client: AzureOpenAI, server: FaultServer) -> None:
    """Executed, and never answered."""
    ledger = Ledger()
    server.break_answers(drop=True)
    ask(client.with_options(max_retries=0), ledger)
    assert account(ledger, server) == Account(sent=1, answered=0, raised=1, lost=1, duplicated=0, crossed=0, silent=0)
    assert ledger.errors == ["APIConnectionError"]


def test_a_request_that_got_no_result_at_all_is_lost(server: FaultServer) -> None:
    """Where not even an error came, as in a process that hangs."""
    ledger = Ledger()
    ledger.send()
    assert account(ledger, server).lost == 1


def test_a_duplicated_execution_is_caught(client: AzureOpenAI, server: FaultServer) -> None:
    """The answer of the first is cut, and the SDK asks again."""
    ledger = Ledger()
    server.break_answers(reset="before", times=1)
    ask(client, ledger)
    assert account(ledger, server) == Account(sent=1, answered=1, raised=0, lost=0, duplicated=1, crossed=0, silent=0)


def test_a_refused_request_was_not_executed(client: AzureOpenAI, server: FaultServer) -> None:
    """A retry after an error status is no duplicate."""
    ledger = Ledger()
    server.break_answers(status=503, retry_after_ms=1, times=1)
    ask(client, ledger)
    assert account(ledger, server) == Account(sent=1, answered=1, raised=0, lost=0, duplicated=0, crossed=0, silent=0)
    assert server.requests == 2


def test_a_crossed_answer_is_caught(client: AzureOpenAI, server: FaultServer) -> None:
    """The answer to one request arrives at another."""
    ledger = Ledger()
    first, second = ledger.send(), ledger.send()
    answer = client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": first}])
    ledger.answer(second, answer.choices[0].message.content or "")
    assert account(ledger, server) == Account(sent=2, answered=0, raised=0, lost=2, duplicated=0, crossed=1, silent=0)


@pytest.mark.parametrize("call", [stream, stream_response])
@pytest.mark.parametrize("way", ["close", "whole", "half"])
def test_a_silent_end_is_caught(way: str, call: Callable[..., None], client: AzureOpenAI, server: FaultServer) -> None:
    """The plain SDK ends these quietly."""
    ledger = Ledger()
    server.break_answers(cut=2000, cut_by=way)
    call(client, ledger)
    found = account(ledger, server)
    assert (found.silent, found.answered, found.lost) == (1, 0, 1)


def test_a_stream_that_raises_is_not_silent(client: AzureOpenAI, server: FaultServer) -> None:
    """The one way of cutting that httpx sees."""
    ledger = Ledger()
    server.break_answers(cut=2000, cut_by="chunk")
    stream(client, ledger)
    found = account(ledger, server)
    assert (found.silent, found.raised) == (0, 1)


def test_the_pages_of_another_process_count_too(client: AzureOpenAI, server: FaultServer) -> None:
    """They travel as plain JSON."""
    ledger, other = Ledger(), Ledger()
    ask(client, ledger)
    ask(client, other)
    ledger.add(other.pages())
    assert account(ledger, server) == Account(2, 2, 0, 0, 0, 0, 0)


def test_a_leak_is_seen() -> None:
    """A file that is left open, in a process where nothing else opens or closes one; and a task that does not end."""
    code = (
        "from tests.support.leaks import growth, open_fds\n"
        "kept = []\n"
        "print(growth(lambda: kept.append(open('/dev/null'))).fds, growth(lambda: None).fds, open_fds() > 2)\n"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "0", "True"]

    async def run() -> None:
        before = tasks()
        waiting = asyncio.create_task(asyncio.Event().wait())
        assert tasks() == before + 1
        waiting.cancel()

    asyncio.run(run())
