"""No endpoint gets another one's key, token or cookie; a refused token is renewed at the endpoint that refused it."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from pathlib import Path

import openai
import pytest

import byoclient
from byoclient.emulator import Emulator
from byoclient.transport import ClientHttp, breaker
from byoclient.transport.budget import RetryBudget
from byoclient.transport.endpoints import Endpoints
from byoclient.transport.failover_transports import arguments_of
from tests.conftest import Write
from tests.support.regions import Ask, ask, async_ask, counts, entry, file_of, ranked, states
from tests.yaml_files import MESSAGES, client_secret

Regions = tuple[Emulator, Emulator]
BOTH = pytest.mark.parametrize("ask", [ask, async_ask])


def everything_that_arrived(emulator: Emulator) -> str:
    return "\n".join(f"{r.path} {dict(r.query)} {dict(r.headers)} {r.body!r}" for r in emulator.requests)


@BOTH
@pytest.mark.parametrize("provider", ["azure_openai", "openai"])
def test_a_key_never_reaches_another_endpoint(regions: Regions, write: Write, ask: Ask, provider: str) -> None:
    """Neither does a placeholder; seen at the servers, with requests that go from one to the other."""
    west, north = regions
    west.break_answers(status=500, rate=0.5)
    entries = entry(west, provider=provider), entry(north, "priority: 1", provider=provider)
    clients = byoclient.load(write(file_of(*entries, provider=provider)))
    for _ in range(8):
        ask(clients)
    assert min(counts(west, north)) > 0
    at_west, at_north = map(everything_that_arrived, regions)
    assert west.api_key in at_west
    assert north.api_key in at_north
    assert north.api_key not in at_west
    assert west.api_key not in at_north
    assert "each-endpoint" not in at_west + at_north


@BOTH
def test_a_token_never_reaches_another_endpoint(regions: Regions, write: Write, ask: Ask) -> None:
    """One signs in with a key, the other with Entra ID."""
    west, north = regions
    west.break_answers(status=500)
    text = file_of(entry(west, sign_in=client_secret(west)), entry(north, "priority: 1"))
    clients = byoclient.load(write(text))
    ask(clients)
    (sent,) = [request for request in west.requests if "deployments" in request.path]
    assert sent.headers["authorization"].startswith("Bearer ey")
    assert "api-key" not in sent.headers
    (received,) = north.requests
    assert "authorization" not in received.headers
    assert sent.headers["authorization"].removeprefix("Bearer ") not in everything_that_arrived(north)


def test_a_callers_own_key_header_and_cookie_reach_no_endpoint(regions: Regions, write: Write) -> None:
    """They cannot belong to all of them."""
    west, _ = regions
    client = byoclient.load(write(file_of(entry(west)))).client()
    headers = {"Authorization": "Bearer canary", "Api-Key": "canary", "Cookie": "session=canary", "X-Mine": "kept"}
    client.chat.completions.create(model="gpt-4o", messages=MESSAGES, extra_headers=headers)
    (request,) = west.requests
    assert "canary" not in everything_that_arrived(west)
    assert request.headers["x-mine"] == "kept"


def test_an_endpoints_host_is_checked_before_its_token_is_asked_for(regions: Regions, write: Write) -> None:
    """Also where the check of the file was got round; the other endpoint does not hide it."""
    west, north = regions
    clients = byoclient.load(write(file_of(entry(west, sign_in=client_secret(west)), entry(north, "priority: 1"))))
    first, second = clients.client()._client.endpoints.all  # type: ignore[attr-defined]
    turned = Endpoints([replace(first, url="https://evil.example/openai/"), second], RetryBudget())
    client = clients.client().with_options(**arguments_of(ClientHttp(), turned))
    with pytest.raises(byoclient.TrustError, match=r"the host 'evil\.example' may not receive this client's token"):
        client.models.list()
    assert west.token_requests == 0
    assert counts(west, north) == (0, 0)


@BOTH
def test_a_refused_token_is_renewed_at_its_own_endpoint(regions: Regions, write: Write, ask: Ask) -> None:
    """Once; the other endpoint is not asked."""
    west, north = regions
    text = file_of(entry(west, sign_in=client_secret(west)), entry(north, "priority: 1"))
    clients = byoclient.load(write(text))
    ask(clients)
    west.revoke_tokens()
    ask(clients)
    assert west.token_requests == 2
    assert counts(north) == (0,)
    assert states(clients) == ["closed", "closed"]


@BOTH
def test_an_endpoint_without_a_token_is_left_for_the_other(regions: Regions, write: Write, ask: Ask) -> None:
    """Its token endpoint is down; it gets no request."""
    west, north = regions
    west.break_tokens(status=400)
    text = file_of(entry(west, sign_in=client_secret(west)), entry(north, "priority: 1"))
    assert "ping" in ask(byoclient.load(write(text)))
    assert not [request for request in west.requests if "deployments" in request.path]


@BOTH
def test_where_no_endpoint_has_a_token_the_error_says_so_at_its_place(regions: Regions, write: Write, ask: Ask) -> None:
    """At the entry, and without a retry by the SDK."""
    west, _ = regions
    west.break_tokens(status=400)
    clients = byoclient.load(write(file_of(entry(west, sign_in=client_secret(west)), more="  max_retries: 2\n")))
    with pytest.raises(byoclient.CredentialError, match=r":8: options.endpoints\[0\].credential: ") as caught:
        ask(clients)
    assert isinstance(caught.value, openai.OpenAIError)
    assert west.token_requests == 1


@BOTH
def test_a_key_in_a_file_is_read_again_when_it_changed(
    regions: Regions, write: Write, ask: Ask, tmp_path: Path
) -> None:
    """As a mounted one does."""
    west, _ = regions
    key = tmp_path / "key"
    key.write_text("old")
    clients = byoclient.load(write(file_of(entry(west, sign_in=f"api_key: {{file: '{key}'}}"))))
    with pytest.raises(openai.AuthenticationError):
        ask(clients)
    key.write_text(west.api_key)
    assert "ping" in ask(clients)


def test_no_log_line_holds_a_secret_or_a_query(
    regions: Regions, write: Write, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At any level of this logger, while an endpoint fails and works again."""
    west, north = regions
    monkeypatch.setattr(breaker, "PAUSE", 0.01)
    caplog.set_level(logging.DEBUG, "byoclient.failover")
    west.break_answers(status=429, retry_after_ms=1)
    more = "  max_retries: 0\n  default_query: {code: canary-of-the-query}\n"
    clients = byoclient.load(write(ranked(west, north, more=more)))
    ask(clients)
    west.mend()
    while states(clients)[0] != "closed":
        ask(clients)
    lines = [record.getMessage() for record in caplog.records if record.name == "byoclient.failover"]
    assert lines[-1].endswith("works again")
    assert not [line for line in lines if re.search(r"canary|\?|key-of|api-version", line)]
    assert not [state for state in clients.endpoints() if "key-of" in repr(state)]
