"""What the built-in clients send: the config, and nothing from the environment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import openai
import pytest

import byoclient
from byoclient.emulator import Emulator
from tests.conftest import Write
from tests.yaml_files import MESSAGES, azure_file, client_secret, v1_file

LEAKS = {
    "OPENAI_API_KEY": "leak-key",
    "OPENAI_ORG_ID": "leak-org",
    "OPENAI_PROJECT_ID": "leak-project",
    "OPENAI_ADMIN_KEY": "leak-admin",
    "OPENAI_WEBHOOK_SECRET": "leak-webhook",
    "OPENAI_CUSTOM_HEADERS": "X-Leak: leak-header\nAuthorization: Bearer leak-auth\napi-key: leak-header-key",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/leak-base",
    "OPENAI_API_VERSION": "leak-version",
    "AZURE_OPENAI_API_KEY": "leak-azure-key",
    "AZURE_OPENAI_AD_TOKEN": "leak-ad-token",
    "AZURE_OPENAI_ENDPOINT": "http://127.0.0.1:9/leak-endpoint",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
}


@pytest.mark.parametrize("file", [azure_file, v1_file])
@pytest.mark.parametrize("way", ["api_key", "client_secret"])
@pytest.mark.parametrize("copied", [False, True])
def test_no_variable_of_the_environment_reaches_a_request(
    file: Callable[[Emulator, str], str],
    way: str,
    copied: bool,
    emulator: Emulator,
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not when the client is built, not in a copy that a framework makes later; sync and async."""
    sign_in = f"api_key: {emulator.api_key}" if way == "api_key" else client_secret(emulator)
    clients = byoclient.load(write(file(emulator, sign_in)))
    for name, value in LEAKS.items():
        monkeypatch.setenv(name, value)

    client, async_client = clients.client(), clients.async_client()
    if copied:
        client, async_client = client.with_options(max_retries=0), async_client.copy(max_retries=0)
    client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    async def ask() -> None:
        await async_client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        await clients.aclose()

    asyncio.run(ask())
    chats = [request for request in emulator.requests if "chat" in request.path]
    assert len(chats) == 2
    assert "leak" not in repr([(r.path, r.query, dict(r.headers)) for r in chats])
    assert "leak" not in repr([getattr(client, name) for name in ("organization", "project", "admin_api_key")])


def test_headers_query_timeout_and_retries_are_what_the_file_says(emulator: Emulator, write: Write) -> None:
    """Also the deployment, which then stands in the URL whatever the model of a request."""
    more = (
        "  azure_deployment: gpt-4o-mini\n  timeout: 7.5\n  max_retries: 5\n"
        "  default_headers: {X-Team: platform}\n  default_query: {trace: 'on'}\n"
    )
    client = byoclient.load(write(azure_file(emulator, f"api_key: {emulator.api_key}", more=more))).client()
    client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    (request,) = emulator.requests
    assert request.path == "/openai/deployments/gpt-4o-mini/chat/completions"
    assert request.headers["x-team"] == "platform"
    assert request.query["trace"] == "on"
    assert request.query["api-version"] == "2024-10-21"
    assert (client.timeout, client.max_retries) == (7.5, 5)


def test_organization_and_project_are_sent_where_the_file_gives_them(emulator: Emulator, write: Write) -> None:
    """On the v1 surface, which is where they mean something."""
    more = "  organization: org-1\n  project: proj-1\n"
    client = byoclient.load(write(v1_file(emulator, f"api_key: {emulator.api_key}", more=more))).client()
    client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert emulator.requests[-1].headers["openai-organization"] == "org-1"
    assert emulator.requests[-1].headers["openai-project"] == "proj-1"


def test_a_wrong_key_is_the_sdks_own_error(emulator: Emulator, write: Write) -> None:
    """byoclient does not stand between the program and the service."""
    client = byoclient.load(write(azure_file(emulator, "api_key: wrong"))).client()
    with pytest.raises(openai.AuthenticationError, match="invalid subscription key"):
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)


def test_a_service_that_is_down_is_the_sdks_own_error(write: Write) -> None:
    """Nobody listens on the discard port."""
    text = (
        "model: x\nclient_provider: openai\noptions: {base_url: 'http://127.0.0.1:9/v1', api_key: k, max_retries: 0}\n"
    )
    with pytest.raises(openai.APIConnectionError):
        byoclient.load(write(text)).client().models.list()


def test_a_certificate_authority_of_the_file_is_trusted_and_no_other(emulator: Emulator, write: Write) -> None:
    """The emulator over https."""
    text = azure_file(emulator, f"api_key: {emulator.api_key}", more="  max_retries: 0\n")
    text = text.replace(emulator.url, emulator.tls_url)
    with pytest.raises(openai.APIConnectionError):
        byoclient.load(write(text)).client().chat.completions.create(model="gpt-4o", messages=MESSAGES)
    clients = byoclient.load(write(text + f"  http: {{ca_file: '{emulator.ca_file}'}}\n"))
    assert clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES).choices
