"""What fails on the way of a request shows no secret to an error tracker, nor do the local variables of our frames."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

import byoclient
from byoclient import Trust
from byoclient.emulator import Emulator
from tests.conftest import Write
from tests.support.showing import shown_by
from tests.yaml_files import MESSAGES, azure_file, client_secret

CANARY = "canary7f3a9d4c1e5b"
NOBODY = "http://127.0.0.1:9"
HEAD = "model: gpt-4o\nclient_provider: azure_openai\nasync_client_provider: azure_openai\noptions:\n"
ONE = f"{HEAD}  azure_endpoint: {NOBODY}\n  api_version: 2024-10-21\n  max_retries: 0\n"
SEVERAL = (
    f"{HEAD}  endpoints: [{{azure_endpoint: {NOBODY}, api_key: k}}]\n  api_version: 2024-10-21\n  max_retries: 0\n"
)
QUERY = f"  default_query: {{subscription-key: {CANARY}}}\n"


def failure(path: str, trust: Trust, *, twin: bool, content: str = "x", **options: object) -> BaseException:
    """Return what a request raises."""
    clients = byoclient.load(path, trust=trust)
    request: Any = {"model": "gpt-4o", "messages": [{"role": "user", "content": content}], **options}

    async def ask() -> None:
        async with clients:
            await clients.async_client().chat.completions.create(**request)

    with pytest.raises((byoclient.ByoclientError, openai.OpenAIError)) as caught:
        asyncio.run(ask()) if twin else clients.client().chat.completions.create(**request)
    return caught.value


def shows_nothing(error: BaseException, secret: str = CANARY) -> bool:
    shown = list(shown_by(error))
    assert len(shown) > 3  # there were frames to look into
    return not [text for text in shown if secret in text]


@pytest.mark.parametrize("twin", [False, True])
@pytest.mark.parametrize("text", [f"{ONE}  api_key: k\n{QUERY}", SEVERAL + QUERY], ids=["one", "several"])
def test_a_query_is_not_shown(text: str, twin: bool, write: Write) -> None:
    """A gateway's key may stand in it; where nobody listens, and where a header names another host."""
    path = write(text)
    assert shows_nothing(failure(path, Trust(), twin=twin))
    assert shows_nothing(failure(path, Trust(), twin=twin, extra_headers={"Host": "evil.example"}))


def test_a_query_is_not_shown_where_a_client_is_turned_to_another_host(write: Write) -> None:
    """With one endpoint and with several; the repr of a request and of its URL say that there is one."""
    for text in (f"{ONE}  api_key: k\n{QUERY}", SEVERAL + QUERY):
        turned = byoclient.load(write(text)).client().with_options(base_url="https://evil.example/openai")
        with pytest.raises(byoclient.TrustError) as caught:
            turned.chat.completions.create(model="x", messages=MESSAGES)
        assert shows_nothing(caught.value)
    request = turned._client.build_request("POST", f"https://a.example:8443/x?y={CANARY}")
    assert repr(request) == "<Request('POST', 'https://a.example:8443/x?…')>"
    assert repr(request.url) == "URL('https://a.example:8443/x?…')"
    assert str(request.url) == f"https://a.example:8443/x?y={CANARY}"


@pytest.fixture
def deaf() -> Iterator[str]:
    """A server that takes connections and never reads."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("twin", [False, True])
def test_the_head_of_a_request_is_not_shown(twin: bool, deaf: str, write: Write) -> None:
    """Its key stands in what could not be written in time."""
    path = write(f"{ONE.replace(NOBODY, deaf)}  api_key: {CANARY}\n  http: {{write_timeout: 0.2}}\n")
    error = failure(path, Trust(), twin=twin, content="x" * 10_000_000)
    assert isinstance(error, openai.APITimeoutError)
    assert shows_nothing(error)


@pytest.mark.parametrize("twin", [False, True])
@pytest.mark.parametrize("several", [False, True])
def test_a_refused_token_is_not_shown(several: bool, twin: bool, emulator: Emulator, write: Write) -> None:
    """Where no new one is to be had."""
    text = azure_file(emulator, client_secret(emulator), more="  max_retries: 0\n")
    if several:
        credential = client_secret(emulator)
        text = text.replace(f"  azure_endpoint: {emulator.url}\n", "")
        text = text.replace(f"  {credential}", f"  endpoints: [{{azure_endpoint: '{emulator.url}', {credential}}}]")
    path = write(text)
    byoclient.load(path).client().chat.completions.create(model="gpt-4o", messages=MESSAGES)
    token = emulator.requests[-1].headers["authorization"].removeprefix("Bearer ")
    emulator.revoke_tokens()
    emulator.break_tokens(status=400)
    error = failure(path, Trust(), twin=twin)
    assert isinstance(error, byoclient.CredentialError)
    assert shows_nothing(error, token)


SOURCED = {
    "api_key": "api_key: {file: '%s'}",
    "headers": "api_key: k\n  default_headers: {X: {file: '%s'}}",
    "token": "credential: {kind: static_token, token: {file: '%s'}}",
    "client_secret": "credential: {kind: client_secret, tenant_id: x, client_id: y, client_secret: {file: '%s'}}",
}


@pytest.mark.parametrize("content", [f"{CANARY}\nand more".encode(), f"{CANARY}\xff".encode("latin-1")])
@pytest.mark.parametrize("field", SOURCED)
def test_a_file_that_holds_no_good_secret_is_not_shown(
    field: str, content: bytes, write: Write, tmp_path: Path
) -> None:
    """It may be a good one but for a line break; what was suppressed counts too."""
    (tmp_path / "secret").write_bytes(content)
    error: BaseException | None = failure(
        write(f"{ONE}  {SOURCED[field] % (tmp_path / 'secret')}\n"), Trust(), twin=False
    )
    while error is not None:
        assert not [text for text in shown_by(error) if CANARY in text]
        error = error.__context__


def test_an_assertion_with_a_line_break_is_not_shown(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a function that returns a file as it is."""
    (tmp_path / "acme_breaks.py").write_text(f"def assertion(): return '{CANARY}\\n'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    credential = "{kind: client_assertion, tenant_id: tenant, client_id: y, func: 'acme_breaks:assertion'}"
    error = failure(write(f"{ONE}  credential: {credential}\n"), Trust(modules=("acme_breaks",)), twin=False)
    assert "what 'acme_breaks:assertion' returned is empty, or holds spaces" in str(error)
    assert shows_nothing(error)
    monkeypatch.delitem(sys.modules, "acme_breaks")
