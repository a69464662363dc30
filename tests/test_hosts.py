"""Keys and tokens go only to hosts that may have them: checked at load, before a token, and on each request."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import openai
import pytest

import byoclient
from byoclient import Trust
from byoclient.emulator import Emulator
from tests.conftest import Write
from tests.yaml_files import MESSAGES, azure_file, client_secret

KEY = "model: x\nclient_provider: openai\noptions: {base_url: '%s', api_key: k}\n"
TOKEN = "model: x\nclient_provider: openai\noptions: {base_url: '%s', credential: {kind: default}}\n"

ALLOWED = [
    (KEY, "https://api.openai.com/v1", ()),
    (KEY, "https://contoso.openai.azure.com/openai/v1/", ()),
    (KEY, "https://contoso.openai.azure.us/openai/v1/", ()),
    (TOKEN, "https://contoso.openai.azure.com/openai/v1", ()),
    (TOKEN, "https://contoso.services.ai.azure.com:443/openai/v1", ()),
    (TOKEN.replace("default", "default, cloud: us_government"), "https://a.openai.azure.us/openai/v1", ()),
    (TOKEN.replace("default", "default, cloud: china"), "https://a.services.ai.azure.cn/openai/v1", ()),
    (TOKEN, "http://localhost:8000/v1", ()),
    (TOKEN, "http://[::1]:8000/v1", ()),
    (KEY, "https://llm.contoso.com:8443/v1", ("llm.contoso.com",)),
    (KEY, "https://LLM.contoso.com/v1", ("llm.CONTOSO.com",)),
    (TOKEN, "https://llm.contoso.com/v1", ("llm.contoso.com",)),
    (KEY, "http://vllm.internal:8000/v1", ("http://vllm.internal:8000",)),
]
REFUSED = [
    (TOKEN.replace("default", "default, cloud: us_government"), "https://a.openai.azure.com/openai/v1", ()),
    (TOKEN.replace("default", "default, cloud: china"), "https://a.openai.azure.us/openai/v1", ()),
    (TOKEN, "https://api.openai.com/v1", ()),
    (TOKEN, "http://contoso.openai.azure.com/openai/v1", ()),
    (TOKEN, "https://contoso.openai.azure.us/openai/v1", ()),
    (TOKEN, "https://contoso.openai.azure.com.evil.com/v1", ()),
    (TOKEN, "https://evilopenai.azure.com/v1", ()),
    (TOKEN, "https://contoso.openai.azure.com@evil.com/v1", ()),
    (TOKEN, "https://evil.com\\.openai.azure.com/openai/v1", ()),
    (TOKEN, "https://evil.com/.openai.azure.com/openai/v1", ()),
    (TOKEN, "https://evil.com#.openai.azure.com/openai/v1", ()),
    (TOKEN, "https://evil.com?.openai.azure.com/openai/v1", ()),
    (TOKEN, "https://cont\u0435so.openai.azure.com/openai/v1", ()),
    (TOKEN, "https://contoso.azure-api.net/v1", ()),
    (TOKEN, "http://vllm.internal:8000/v1", ("http://vllm.internal:8000",)),
    (KEY, "http://vllm.internal:8001/v1", ("http://vllm.internal:8000",)),
    (KEY, "http://vllm.internal:8000/v1", ("vllm.internal",)),
    (KEY, "https://sub.llm.contoso.com/v1", ("llm.contoso.com",)),
    (KEY, "https://openrouter.ai/api/v1", ()),
    (KEY, "http://127.0.0.1.evil.com/v1", ()),
    (KEY, "ftp://localhost/v1", ()),
    (KEY, "https://localhost:99999/v1", ()),
]


@pytest.mark.parametrize(("text", "url", "hosts"), ALLOWED)
def test_these_endpoints_load(text: str, url: str, hosts: tuple[str, ...], write: Write) -> None:
    """Azure's hosts of the chosen cloud, api.openai.com for keys, loopback, and what the program trusts."""
    byoclient.load(write(text % url), trust=Trust(hosts=hosts))


@pytest.mark.parametrize(("text", "url", "hosts"), REFUSED)
def test_these_endpoints_are_refused(text: str, url: str, hosts: tuple[str, ...], write: Write) -> None:
    """Whatever trick the text plays."""
    with pytest.raises(byoclient.ConfigError):
        byoclient.load(write(text % url), trust=Trust(hosts=hosts))


def test_a_client_that_is_turned_to_another_host_asks_for_no_token(emulator: Emulator, write: Write) -> None:
    """with_options(base_url=…) keeps the credential, and so the check."""
    clients = byoclient.load(write(azure_file(emulator, client_secret(emulator), side="sync")))
    turned = clients.client().with_options(base_url="https://evil.example/openai")
    with pytest.raises(byoclient.TrustError, match=r"'evil\.example' may not receive this client's token"):
        turned.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    with pytest.raises(openai.OpenAIError):
        turned.get("https://evil.example/x", cast_to=object)
    assert emulator.token_requests == 0


def test_keys_and_subscription_keys_follow_the_same_rule(emulator: Emulator, write: Write) -> None:
    """Of an API key, and of a key in a header of a gateway: nothing is sent to a host that may not have it."""
    more = "  default_headers: {Ocp-Apim-Subscription-Key: canary}\n"
    clients = byoclient.load(write(azure_file(emulator, f"api_key: {emulator.api_key}", more=more)))

    async def run() -> None:
        async with clients:
            turned = clients.async_client().with_options(
                base_url=f"{emulator.tls_url.replace('localhost', 'evil')}/openai"
            )
            await turned.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    turned = clients.client().with_options(base_url="https://evil.example/openai")
    with pytest.raises(byoclient.TrustError, match=r"'evil\.example' may not receive this client's API key"):
        turned.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    with pytest.raises(byoclient.TrustError, match="'evil' may not receive"):
        asyncio.run(run())


def test_the_async_client_is_checked_alike(emulator: Emulator, write: Write) -> None:
    """Its twin in another loop, the same refusal."""
    clients = byoclient.load(write(azure_file(emulator, client_secret(emulator))))

    async def run() -> None:
        async with clients:
            turned = clients.async_client().copy(base_url="https://evil.example/openai")
            with pytest.raises(byoclient.TrustError):
                await turned.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    asyncio.run(run())
    assert emulator.token_requests == 0


def test_a_host_header_that_names_another_host_is_refused(emulator: Emulator, write: Write) -> None:
    """It could send the request elsewhere behind a shared front."""
    client = byoclient.load(write(azure_file(emulator, f"api_key: {emulator.api_key}"))).client()
    with pytest.raises(byoclient.TrustError, match="Host header"):
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES, extra_headers={"Host": "evil.example"})
    assert emulator.requests == ()


@pytest.fixture
def redirecting() -> Iterator[tuple[str, list[str], list[str]]]:
    """A server that answers every request with a redirect to the place that is noted last, and notes the paths."""
    paths: list[str] = []
    places: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            paths.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(307)
            self.send_header("Location", places[-1])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", paths, places
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("place", ["/elsewhere", "https://evil.example/x", "//evil.example/x"])
@pytest.mark.parametrize("sign_in", ["api_key: k", "credential: {kind: static_token, token: t}"])
def test_redirects_are_not_followed(
    place: str, sign_in: str, redirecting: tuple[str, list[str], list[str]], write: Write
) -> None:
    """A 307 would carry the prompt, and on some clients the key, to wherever it points; sync and async."""
    url, paths, places = redirecting
    places.append(place)
    text = (
        f"model: x\nclient_provider: openai\nasync_client_provider: openai\noptions: {{base_url: '{url}', {sign_in}}}\n"
    )
    clients = byoclient.load(write(text))

    async def ask() -> None:
        async with clients:
            await clients.async_client().chat.completions.create(model="x", messages=MESSAGES)

    with pytest.raises(openai.APIStatusError):  # and no failed lookup
        clients.client().chat.completions.create(model="x", messages=MESSAGES)
    with pytest.raises(openai.APIStatusError):
        asyncio.run(ask())
    assert paths == ["/chat/completions"] * 2
