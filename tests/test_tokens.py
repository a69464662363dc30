"""`TokenSource`: renewed before its end, served until nearly its end, one refresh at a time."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

from byoclient import CredentialError
from byoclient.emulator import Emulator
from byoclient.identity.application import ClientSecretConfig
from byoclient.identity.failures import explain
from byoclient.identity.managed import ManagedIdentityConfig
from byoclient.identity.sharing import token_source
from byoclient.identity.tokens import TokenSource
from tests.conftest import SetEnvironment
from tests.support.token_endpoint import Endpoint, TestedConfig, source_of
from tests.support.waiting import until

DOWN = ClientAuthenticationError("the endpoint is down")


def test_a_token_is_fetched_once_and_renewed_before_its_end() -> None:
    """Not earlier than azure-identity would give a new one: five minutes."""
    endpoint = Endpoint()
    source = source_of(endpoint)
    assert source.token() == source.token() == "token-0"
    endpoint.now += 3600 - 301
    assert source.token() == "token-0"
    endpoint.now += 40
    source.token()
    assert source.token() == "token-1"
    assert len(endpoint.asked) == 2


def test_a_token_is_renewed_when_its_issuer_says_so() -> None:
    """`refresh_on`, with some jitter."""
    endpoint = Endpoint()
    endpoint.refresh_in = 1000
    source = source_of(endpoint)
    source.token()
    endpoint.now += 999
    source.token()
    assert len(endpoint.asked) == 1
    endpoint.now += 32
    source.token()
    assert len(endpoint.asked) == 2


def test_short_lived_tokens_are_not_fetched_for_each_call() -> None:
    """Those that live less than azure-identity's five minutes."""
    endpoint = Endpoint()
    endpoint.life = 200
    source = source_of(endpoint)
    for _ in range(20):
        source.token()
        endpoint.now += 4
    assert len(endpoint.asked) == 1


def test_who_has_a_valid_token_never_waits_for_a_renewal() -> None:
    """It runs beside them."""
    endpoint = Endpoint()
    source = source_of(endpoint, deferred=True)
    waiting = threading.Thread(target=source.token)
    waiting.start()
    until(lambda: endpoint.deferred)
    endpoint.deferred.pop()()
    waiting.join()
    endpoint.now += 3400
    assert [source.token() for _ in range(10)] == ["token-0"] * 10
    assert len(endpoint.deferred) == 1
    endpoint.deferred.pop()()
    assert source.token() == "token-1"


def test_a_valid_token_is_served_while_its_endpoint_fails_until_half_a_minute_before_its_end() -> None:
    """Then the failure is raised, with what to do."""
    endpoint = Endpoint()
    source = source_of(endpoint)
    source.token()
    endpoint.failure = DOWN
    endpoint.now += 3400
    for _ in range(1000):
        assert source.token() == "token-0"
    endpoint.now += 169
    assert source.token() == "token-0"
    endpoint.now += 2
    with pytest.raises(CredentialError, match=r"'tested' gave no token\. It said: the endpoint is down\. Mend it\.$"):
        source.token()


def test_of_each_credential_that_a_chain_tried_the_first_sentence_is_told() -> None:
    """Whole, also where a path in it has a dot."""
    tried = "none worked\n\tOneCredential: no file /run/x.txt. See https://help\n\tTwoCredential: not found"
    said = explain(TestedConfig(), ClientAuthenticationError(tried))
    assert "It said: OneCredential: no file /run/x.txt; TwoCredential: not found. Mend it." in said


def test_a_failing_credential_is_left_alone_for_a_pause_that_grows() -> None:
    """Callers in between get the last failure at once."""
    endpoint = Endpoint()
    endpoint.failure = DOWN
    source = source_of(endpoint)
    for _ in range(3000):
        with pytest.raises(CredentialError):
            source.token()
        endpoint.now += 0.1
    assert 12 <= len(endpoint.asked) <= 30
    endpoint.failure = None
    endpoint.now += 31
    assert source.token() == "token-0"


def test_a_refused_token_is_dropped_and_no_other() -> None:
    """With the claims of the refusal passed on, once."""
    endpoint = Endpoint()
    source = source_of(endpoint)
    first = source.token()
    source.invalidate("another")
    assert source.token() == first
    source.invalidate(first, '{"access_token":{}}')
    second = source.token()
    source.invalidate(first)
    assert source.token() == second != first
    assert endpoint.asked == [{}, {"claims": '{"access_token":{}}'}]
    assert source.gave(first)
    assert not source.gave("another")


def test_a_token_that_has_ended_when_it_comes_is_a_failure() -> None:
    """The clock of this host is wrong, or that of the issuer."""
    endpoint = Endpoint()
    endpoint.life = -5
    with pytest.raises(CredentialError, match="Check this host's clock"):
        source_of(endpoint).token()


def test_a_failure_reaches_each_waiter_as_an_error_of_its_own() -> None:
    """One attempt for all of them."""
    endpoint = Endpoint()
    endpoint.failure = DOWN
    source = source_of(endpoint, deferred=True)
    errors: list[CredentialError] = []
    started = threading.Barrier(9)

    def wait() -> None:
        started.wait()
        try:
            source.token()
        except CredentialError as error:
            errors.append(error)

    threads = [threading.Thread(target=wait) for _ in range(8)]
    for thread in threads:
        thread.start()
    started.wait()
    until(lambda: endpoint.deferred)
    endpoint.deferred.pop()()
    for thread in threads:
        thread.join()
    assert len({id(error) for error in errors}) == 8
    assert len(endpoint.asked) == 1


def test_threads_and_tasks_in_several_loops_ask_once(emulator: Emulator, set_environment: SetEnvironment) -> None:
    """A cold start of everything at once, through the real azure-identity."""
    set_environment(emulator.identity_environment)
    source = token_source(ManagedIdentityConfig(kind="managed_identity"))
    barrier = threading.Barrier(24)

    def thread(_: int) -> set[str]:
        barrier.wait()
        return {source.token()}

    def loop(_: int) -> set[str]:
        async def tasks() -> list[str]:
            return await asyncio.gather(*(source.async_token() for _ in range(16)))

        barrier.wait()
        return set(asyncio.run(tasks()))

    with ThreadPoolExecutor(24) as pool:
        futures = [pool.submit(thread, i) for i in range(20)] + [pool.submit(loop, i) for i in range(4)]
        found = [future.result() for future in futures]
    assert len(set().union(*found)) == 1
    assert emulator.token_requests == 1


@pytest.mark.parametrize("fault", [{"status": 503}, {"drop": True}, {"hang": True}])
def test_a_valid_token_outlives_its_endpoint(fault: dict[str, Any], emulator: Emulator) -> None:
    """The real azure-identity, which would raise or wait: it hides a token with less than five minutes left."""
    passed = [0.0]
    config = ClientSecretConfig.model_validate(
        {
            "kind": "client_secret",
            "tenant_id": emulator.tenant_id,
            "client_id": emulator.client_id,
            "client_secret": emulator.client_secret,
            "authority": emulator.tls_url,
            "disable_instance_discovery": True,
            "http": {"ca_file": emulator.ca_file, "read_timeout": 0.3},
        }
    )
    refreshes: list[threading.Thread] = []
    source = TokenSource(config, clock=lambda: time.time() + passed[0], start=lambda work: started(work, refreshes))
    emulator.break_tokens(lifetime=200)
    token = source.token()
    emulator.break_tokens(**fault)
    for passed[0] in (101, 130, 160):
        assert [source.token() for _ in range(1000)] == [token] * 1000
        assert asyncio.run(source.async_token()) == token
        refreshes[-1].join()
    assert len(refreshes) == 4
    passed[0] = 199
    for _ in range(2):
        with pytest.raises(CredentialError, match="'client_secret' gave no token"):
            source.token()


def started(work: Callable[[], None], threads: list[threading.Thread]) -> None:
    """Run in a thread that is noted."""
    threads.append(threading.Thread(target=work))
    threads[-1].start()


def test_a_hanging_endpoint_holds_no_event_loop(emulator: Emulator, set_environment: SetEnvironment) -> None:
    """The loop itself ends the silence, while 64 of its tasks wait for a token."""
    set_environment(emulator.identity_environment)
    source = token_source(ManagedIdentityConfig(kind="managed_identity"))

    async def run() -> list[str]:
        emulator.break_tokens(hang=True)
        tasks = [asyncio.create_task(source.async_token()) for _ in range(64)]
        while not emulator.token_requests:
            await asyncio.sleep(0)
        emulator.mend()
        return await asyncio.gather(*tasks)

    assert len(set(asyncio.run(run()))) == 1
    assert emulator.token_requests == 1


def test_a_cancelled_waiter_cancels_nobody_else() -> None:
    """The refresh goes on for the others."""
    endpoint = Endpoint()
    source = source_of(endpoint, deferred=True)

    async def run() -> str:
        impatient = asyncio.create_task(source.async_token())
        patient = asyncio.create_task(source.async_token())
        await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.sleep(0)
        endpoint.deferred.pop()()
        return await patient

    assert asyncio.run(run()) == "token-0"


def test_another_librarys_event_loop_works_too() -> None:
    """anyio's other one, trio, has no asyncio loop; a thread waits there."""
    trio = pytest.importorskip("trio")
    assert trio.run(source_of(Endpoint()).async_token) == "token-0"


def _in_child(source: TokenSource, queue: Any) -> None:
    queue.put((source.token(), source.async_token().__class__.__name__))
    source.invalidate(source.token())
    queue.put((source.token(), ""))


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_after_a_fork_the_token_is_kept_and_renewing_works(emulator: Emulator, set_environment: SetEnvironment) -> None:
    """Also when the parent held the lock, and had a refresh under way."""
    set_environment(emulator.identity_environment)
    source = token_source(ManagedIdentityConfig(kind="managed_identity"))
    token = source.token()
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    with source._lock:
        child = context.Process(target=_in_child, args=(source, queue))
        child.start()
    kept, renewed = queue.get(), queue.get()
    child.join()
    assert kept[0] == token
    assert renewed[0] != token
    assert source.token() == token
