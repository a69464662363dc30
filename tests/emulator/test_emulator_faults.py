"""Token endpoints that fail, hang, drop or are slow, request by request."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from openai import DefaultHttpxClient

from byoclient.emulator import Emulator
from byoclient.emulator.settings import IDENTITY_HEADER
from byoclient.errors import EmulatorError

SCOPE = "https://cognitiveservices.azure.com/.default"
ENDPOINTS = ("entra", "app_service", "imds")


@pytest.fixture
def https(broken: Emulator) -> Iterator[DefaultHttpxClient]:
    """A plain client of all three endpoints."""
    trusted = ssl.create_default_context(cafile=broken.ca_file)
    with DefaultHttpxClient(base_url=broken.tls_url, verify=trusted, trust_env=False, timeout=20) as client:
        yield client


def ask(client: DefaultHttpxClient, emulator: Emulator, endpoint: str, **other: Any) -> Any:
    """Ask one of the endpoints for a token."""
    if endpoint == "entra":
        form = {
            "grant_type": "client_credentials",
            "client_id": emulator.client_id,
            "client_secret": emulator.client_secret,
            "scope": SCOPE,
        }
        return client.post(f"/{emulator.tenant_id}/oauth2/v2.0/token", data=form, **other)
    paths = {"app_service": "/msi/token", "imds": "/metadata/identity/oauth2/token"}
    headers = {"X-IDENTITY-HEADER": IDENTITY_HEADER, "Metadata": "true"}
    query = {"resource": "https://cognitiveservices.azure.com", "api-version": "2019-08-01"}
    return client.get(paths[endpoint], headers=headers, params=query, **other)


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that comes soon."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_an_error_status_comes_in_the_endpoints_own_shape(
    endpoint: str, broken: Emulator, https: DefaultHttpxClient
) -> None:
    """Until it is mended; each request counts."""
    broken.break_tokens(status=503, retry_after=7)
    answer = ask(https, broken, endpoint)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    assert {"error", "statusCode"} & set(answer.json())
    broken.mend()
    assert ask(https, broken, endpoint).json()["access_token"]
    assert broken.token_requests == 2


@pytest.mark.parametrize(
    ("status", "word", "code"),
    [
        (503, "temporarily_unavailable", 90033),
        (502, "temporarily_unavailable", 90033),
        (500, "server_error", 50000),
        (429, "temporarily_unavailable", 90055),
        (401, "invalid_client", 7000222),
        (400, "invalid_request", 90023),
    ],
)
def test_entra_names_what_is_wrong(
    status: int, word: str, code: int, broken: Emulator, https: DefaultHttpxClient
) -> None:
    """OAuth's word and the number after AADSTS."""
    broken.break_tokens(status=status)
    answer = ask(https, broken, "entra")
    assert (answer.status_code, answer.json()["error"], answer.json()["error_codes"]) == (status, word, [code])
    assert broken.client_secret not in answer.text


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_dropped_connection_has_no_answer(endpoint: str, broken: Emulator, https: DefaultHttpxClient) -> None:
    """Not one byte; the next connection works again after mending."""
    broken.break_tokens(drop=True)
    for _ in range(3):
        with pytest.raises(Exception, match=r"(?i)disconnected|reset|EOF|closed") as caught:
            ask(https, broken, endpoint)
        assert type(caught.value).__module__.startswith("httpx")
    broken.mend()
    assert ask(https, broken, endpoint).status_code == 200
    assert broken.token_requests == 4


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_who_still_waits_when_a_hang_ends_is_answered(
    endpoint: str, broken: Emulator, https: DefaultHttpxClient
) -> None:
    """All of them were counted while they waited."""
    broken.break_tokens(hang=True)
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(ask, https, broken, endpoint) for _ in range(8)]
        until(lambda: broken.token_requests == 8)
        time.sleep(0.1)
        assert not any(future.done() for future in waiting)
        broken.mend()
        assert {future.result().status_code for future in waiting} == {200}
    assert broken.token_requests == 8


def test_a_hang_can_turn_into_another_fault(broken: Emulator, https: DefaultHttpxClient) -> None:
    """Those who wait get that one."""
    broken.break_tokens(hang=True)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask, https, broken, "entra")
        until(lambda: broken.token_requests == 1)
        broken.break_tokens(status=500)
        assert waiting.result().status_code == 500


def test_a_client_that_gives_up_on_a_hang_harms_nobody(broken: Emulator, https: DefaultHttpxClient) -> None:
    """Its connection ends; others are served."""
    broken.break_tokens(hang=True)
    with pytest.raises(Exception, match=r"(?i)timed out"):
        ask(https, broken, "entra", timeout=0.2)
    broken.mend()
    assert ask(https, broken, "entra").status_code == 200
    assert broken.token_requests == 2


@pytest.mark.parametrize("fault", [{"hang": True}, {"slow": 30}])
def test_closing_does_not_wait_for_those_who_hang(fault: dict[str, Any]) -> None:
    """They see the end of their connection at once."""
    ended: list[type[BaseException]] = []

    def wait(emulator: Emulator, client: DefaultHttpxClient) -> None:
        try:
            ask(client, emulator, "app_service")
        except Exception as error:
            ended.append(type(error))

    emulator = Emulator()
    emulator.start()
    emulator.break_tokens(**fault)
    with DefaultHttpxClient(base_url=emulator.url, trust_env=False, timeout=20) as client:
        threads = [threading.Thread(target=wait, args=(emulator, client)) for _ in range(4)]
        for thread in threads:
            thread.start()
        until(lambda: emulator.token_requests == 4)
        began = time.monotonic()
        emulator.close()
        took = time.monotonic() - began
        for thread in threads:
            thread.join()
    assert took < 1
    assert len(ended) == 4
    emulator.mend()


def test_slow_endpoints_answer_later(broken: Emulator, https: DefaultHttpxClient) -> None:
    """Side by side, not one after the other; mending ends the wait."""
    broken.break_tokens(slow=0.4)
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(https, broken, "entra").status_code, range(8)))
    assert 0.4 <= time.monotonic() - began < 2
    assert answers == [200] * 8
    broken.break_tokens(slow=30)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask, https, broken, "entra")
        until(lambda: broken.token_requests == 9)
        broken.mend()
        assert waiting.result().status_code == 200


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_tokens_can_live_shorter_for_a_while(endpoint: str, broken: Emulator, https: DefaultHttpxClient) -> None:
    """Those that are issued from now on."""
    broken.break_tokens(lifetime=200)
    short = int(ask(https, broken, endpoint).json()["expires_in"])
    broken.mend()
    assert (short, int(ask(https, broken, endpoint).json()["expires_in"])) == (200, 3600)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"status": 503, "drop": True}, "Give one of them"),
        ({"drop": True, "hang": True}, "Give one of them"),
        ({"status": 200}, "from 400 to 599"),
        ({"retry_after": 5}, "Give a status too"),
        ({"slow": -1}, "Give seconds"),
    ],
)
def test_contradictions_are_refused(arguments: dict[str, Any], said: str, broken: Emulator) -> None:
    """And change nothing."""
    with pytest.raises(EmulatorError, match=said):
        broken.break_tokens(**arguments)


def test_the_discovery_document_is_broken_only_on_request(broken: Emulator, https: DefaultHttpxClient) -> None:
    """It never counts as a token request."""
    path = f"/{broken.tenant_id}/v2.0/.well-known/openid-configuration"
    broken.break_tokens(status=503)
    assert https.get(path).status_code == 200
    broken.break_tokens(status=503, discovery=True)
    assert https.get(path).status_code == 503
    assert broken.token_requests == 0
