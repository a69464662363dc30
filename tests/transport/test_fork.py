"""A client that was used before a fork: no process receives what another one asked for."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable

import pytest

import byoclient
from byoclient import Clients
from byoclient.emulator import Emulator
from byoclient.transport import tls
from tests.conftest import Write
from tests.yaml_files import azure_file, client_secret

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here"),
    # Python 3.12 warns of any fork beside threads; the emulator is one.
    pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning"),
]
CHILDREN = 4
CALLS = 10


@pytest.fixture
def clients(emulator: Emulator, write: Write) -> Clients:
    return byoclient.load(write(azure_file(emulator, client_secret(emulator), more="  max_retries: 0\n")))


def right_answers(clients: Clients) -> int:
    """Ask with this process's id, and count the answers that have it."""
    me = f"process-{os.getpid()}"
    create = clients.client().chat.completions.create
    answers = (create(model="gpt-4o", messages=[{"role": "user", "content": me}]) for _ in range(CALLS))
    return sum(me in (answer.choices[0].message.content or "") for answer in answers)


def right_async_answers(clients: Clients) -> int:
    """The same over the async client, all at once."""
    me = f"process-{os.getpid()}"

    async def run() -> int:
        create = clients.async_client().chat.completions.create
        asked = (create(model="gpt-4o", messages=[{"role": "user", "content": me}]) for _ in range(CALLS))
        return sum(me in (answer.choices[0].message.content or "") for answer in await asyncio.gather(*asked))

    return asyncio.run(run())


def fork(work: Callable[[], int]) -> int:
    """Run something in a child, whose exit status is what it returns."""
    child = os.fork()
    if child:
        return child
    try:
        os._exit(work())
    finally:
        os._exit(255)


@pytest.mark.parametrize("count", [right_answers, right_async_answers])
def test_children_and_parent_get_their_own_answers(clients: Clients, count: Callable[[Clients], int]) -> None:
    """All at once, on connections that were open before the fork."""
    assert count(clients) == CALLS
    children = [fork(lambda: count(clients)) for _ in range(CHILDREN)]
    assert count(clients) == CALLS
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [CALLS] * CHILDREN
    assert count(clients) == CALLS


def test_a_fork_within_a_running_loop_leaves_the_parents_connections_alone(clients: Clients) -> None:
    """The child lets its copies of the sockets go without a word to their other end."""

    async def run() -> int:
        create = clients.async_client().chat.completions.create
        await create(model="gpt-4o", messages=[{"role": "user", "content": "before"}])
        child = fork(lambda: right_answers(clients))
        status = (await asyncio.to_thread(os.waitpid, child, 0))[1]
        answer = await create(model="gpt-4o", messages=[{"role": "user", "content": "after"}])
        assert "after" in (answer.choices[0].message.content or "")
        return os.waitstatus_to_exitcode(status)

    assert asyncio.run(run()) == CALLS


def test_a_child_does_not_wait_for_certificates_that_its_parent_was_reading(
    emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In another thread, which the child does not have."""
    parent, reading, go_on, read = os.getpid(), threading.Event(), threading.Event(), tls._context

    def slow(options: tls.TlsOptions) -> object:
        if os.getpid() == parent:
            reading.set()
            go_on.wait(30)
        return read(options)

    monkeypatch.setattr(tls, "_context", slow)
    monkeypatch.setattr(tls, "_contexts", {})
    more = "  http: {max_connections: 41}\n"
    clients = byoclient.load(write(azure_file(emulator, f"api_key: {emulator.api_key}", more=more)))
    thread = threading.Thread(target=right_answers, args=(clients,))
    thread.start()
    assert reading.wait(30)

    def work() -> int:
        signal.alarm(20)
        return right_answers(clients)

    child = fork(work)
    go_on.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == CALLS


def test_a_child_keeps_no_socket_of_its_parent(clients: Clients, emulator: Emulator) -> None:
    """Or the server would never see the parent close it."""
    right_answers(clients)

    def sockets() -> int:
        found = 0
        for name in os.listdir("/proc/self/fd"):
            try:
                found += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
            except OSError:
                continue
        return found

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("no list of open files here")
    before = sockets()
    child = fork(lambda: before - sockets())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) >= 1
