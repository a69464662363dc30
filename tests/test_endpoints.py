"""Whatever text stands for an endpoint: what is sent goes to a host that may have it, and else no token is asked for.

Where a request would go is read where the real transport says it: to the resolver, or to connect().
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import openai
import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

import byoclient
from byoclient.identity.tokens import TokenSource
from byoclient.transport.compat import httpx
from tests.yaml_files import MESSAGES

TOKEN = "token-of-the-test"
HEADS = {"azure_openai": "api_version: 2024-10-21, azure_endpoint", "openai": "base_url"}
FILE = """\
model: gpt-4o
client_provider: {provider}
async_client_provider: {provider}
options: {{max_retries: 0, credential: {{kind: static_token, token: {token}}}, {key}: {url}}}
"""
GOOD = {"azure_openai": "https://contoso.openai.azure.com", "openai": "https://contoso.openai.azure.com/openai/v1"}
ALLOWED = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.(openai|cognitiveservices|services\.ai)\.azure\.com", re.ASCII | re.I)

HOSTS = (
    "contoso.openai.azure.com",
    "CONTOSO.OpenAI.Azure.COM",
    "a.b.services.ai.azure.com",
    "localhost",
    "127.0.0.1",
    "[::1]",
    "evil.example",
    "contoso.openai.azure.com.evil.example",
    "contoso.openai.azure.com.",
    "evilopenai.azure.com",
    ".openai.azure.com",
    "openai.azure.com",
    "contoso.openai.azure.us",
    "contoso.azure-api.net",
    "api.openai.com",
    "c\u043entoso.openai.azure.com",  # a Cyrillic o
    "contoso.openai.\u0430zure.com",
    "contoso\u3002openai\u3002azure\u3002com",
    "evil.example\uff0f.openai.azure.com",
    "evil.example\u2044.openai.azure.com",
    "evil.example\u2100.openai.azure.com",
    "\uff43ontoso.openai.azure.com",
    "xn--cntoso-0qf.openai.azure.com",
    "xn--openai-.azure.com",
    "evil.example%00.openai.azure.com",
    "evil.example%2f.openai.azure.com",
    "contoso.openai.azure%2ecom",
    "127.1",
    "0x7f.0.0.1",
    "2130706433",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "[::ffff:127.0.0.1]",
    "[::1%25lo]",
    "[::1].evil.example",
    "[contoso.openai.azure.com]",
)
ODD = tuple("\t\n\r\0\x1b\x7f \u00a0\u00ad\u200b\u202e\ufeff\ud800\\/@:?#%.[]{}$'\"<>|^`")
SCHEMES = ("https", "http", "HTTPS", "Http", "ftp", "file", "https+unix", "javascript", "")
BETWEEN = ("://", "://", "://", ":", ":/", ":///", "//", ":\\\\", ":/\\")
PORTS = ("", "", ":443", ":8443", ":0", ":99999", ":-1", ":x", ":", ":4 43", ":\u0664\u0664\u0663", ":443:80")
PATHS = (
    "",
    "/",
    "/openai/v1",
    "/openai/v1/",
    "/openai/v1/..//",
    "\\@evil.example/openai/v1",
    "/@evil.example/openai/v1",
    "?@evil.example/openai/v1",
    "#@evil.example/openai/v1",
    "%2f@evil.example/openai/v1",
    ";@evil.example/openai/v1",
    "//evil.example/openai/v1",
    "/%2e%2e/https://evil.example/openai/v1",
)


@st.composite
def urls(draw: st.DrawFn) -> str:
    """Return a URL with some trick in it, and perhaps an odd character anywhere."""
    host = st.sampled_from(HOSTS)
    user = draw(st.sampled_from(("", "", "", "@", "u@", "u:p@", "u%40", "{}@", "{}:443@", "{}\\@", "{}#@", "{}/@")))
    parts = [st.sampled_from(SCHEMES), st.sampled_from(BETWEEN), st.just(user.format(draw(host))), host]
    url = "".join(draw(part) for part in (*parts, st.sampled_from(PORTS), st.sampled_from(PATHS)))
    if draw(st.booleans()):
        place = draw(st.integers(0, len(url)))
        url = url[:place] + draw(st.sampled_from(ODD)) + url[place:]
    return url


PLAIN = st.builds("https://{}{}".format, st.sampled_from(HOSTS), st.sampled_from(PATHS))
HARMLESS = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(("https", "HTTPS", "http")),
    st.sampled_from(HOSTS[:6]),
    st.sampled_from(("", ":443", ":8443")),
    st.sampled_from(("", "/openai/v1", "/openai/v1/")),
)
TEXTS = st.one_of(
    HARMLESS, urls(), PLAIN, st.text(max_size=60), st.builds("https://{}/openai/v1".format, st.text(max_size=40))
)


@dataclass
class Seen:
    """What was asked for: hosts of the network, and tokens of their source."""

    hosts: list[str] = field(default_factory=list)
    tokens: int = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note what is asked for, and let no connection be made."""
        hosts, token, async_token = self.hosts, TokenSource.token, TokenSource.async_token

        def resolve(host: str | bytes, *args: object, **kwargs: object) -> Any:
            hosts.append(host.decode() if isinstance(host, bytes) else host)
            raise socket.gaierror(socket.EAI_NONAME, "noted")

        def connect(self: socket.socket, address: Any) -> None:  # an address is not looked up
            hosts.append(address[0])
            raise ConnectionRefusedError

        def counted(source: TokenSource) -> str:
            self.tokens += 1
            return token(source)

        async def async_counted(source: TokenSource) -> str:
            self.tokens += 1
            return await async_token(source)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", resolve)
            patch.setattr(socket.socket, "connect", connect)
            patch.setattr(TokenSource, "token", counted)
            patch.setattr(TokenSource, "async_token", async_counted)
            yield


def may_have_it(host: str) -> bool:
    """Whether a token may go to a host: this page's own opinion, beside that of the code."""
    return is_loopback(host) or bool(ALLOWED.fullmatch(host))


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host.lower() == "localhost"
    return address.is_loopback or ipaddress.ip_address("127.0.0.1") == getattr(address, "ipv4_mapped", None)


def opinions(url: str) -> set[str]:
    """Return the hosts that other readers of URLs see in a text."""
    return {(urlsplit(url).hostname or "").lower(), httpx.URL(url).raw_host.decode("ascii").strip("[]").lower()}


def asked(url: str, call: Callable[[], object], seen: Seen, *, turned: bool = False) -> None:
    """Call, and check where it went; that nobody is there is no failure."""
    before = len(seen.hosts), seen.tokens
    refusals = (byoclient.TrustError, httpx.InvalidURL, UnicodeError, ValueError) if turned else ()
    with seen.watching(), suppress(openai.APIConnectionError, *refusals):
        call()
    hosts = seen.hosts[before[0] :]
    assert all(may_have_it(host) for host in hosts), hosts
    if hosts and httpx.URL(url).is_absolute_url and not is_loopback(hosts[0]):
        assert httpx.URL(url).scheme == "https"
    assert seen.tokens == before[1] or hosts, "a token was asked for, and nobody asked who could have it"


def asks(client: Any) -> Callable[[], object]:
    return lambda: client.chat.completions.create(model="gpt-4o", messages=MESSAGES)


def asks_async(client: Any) -> Callable[[], object]:
    return lambda: asyncio.run(client.chat.completions.create(model="gpt-4o", messages=MESSAGES))


@pytest.mark.parametrize("provider", HEADS)
@settings(max_examples=100, deadline=None)
@example("https://contoso.openai.azure.com/openai/v1")
@example("https://contoso.openai.azure.com")
@example("http://127.0.0.1:9/openai/v1")
@given(TEXTS)
def test_an_endpoint_is_refused_or_only_an_allowed_host_is_asked(
    provider: str, tmp_path_factory: pytest.TempPathFactory, url: str
) -> None:
    """By load(), for both clients; and everybody who reads the endpoint sees the same host in it."""
    path = _written(tmp_path_factory, FILE.format(provider=provider, token=TOKEN, key=HEADS[provider], url=_yaml(url)))
    seen = Seen()
    try:
        clients = byoclient.load(path)
    except byoclient.ConfigError:
        event("refused")
        return
    event("loaded")
    assert len(opinions(url)) == 1
    asked(url, asks(clients.client()), seen)
    asked(url, asks_async(clients.async_client()), seen)
    assert len(seen.hosts) == seen.tokens == 2
    assert {host.strip("[]").lower() for host in seen.hosts} == opinions(url)
    clients.close()
    asyncio.run(clients.aclose())


@pytest.fixture(scope="module", params=HEADS)
def clients(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[byoclient.Clients]:
    """The clients of an allowed host, by each provider."""
    good = GOOD[request.param]
    text = FILE.format(provider=request.param, token=TOKEN, key=HEADS[request.param], url=good)
    with byoclient.load(_written(tmp_path_factory, text)) as found:
        yield found.prepare()


@settings(max_examples=100, deadline=None)
@example("https://contoso.services.ai.azure.com/openai/v1")
@example("https://evil.example")
@given(TEXTS)
def test_a_client_that_is_turned_asks_an_allowed_host_or_nobody(clients: byoclient.Clients, url: str) -> None:
    """By with_options(base_url=…), and by a request with a URL of its own: no token is asked for anybody else."""
    seen = Seen()
    for client, ask in ((clients.client(), asks), (clients.async_client(), asks_async)):
        asked(url, partial(turned_to, url, client, ask), seen, turned=True)
    asked(url, lambda: clients.client().get(url, cast_to=object), seen, turned=True)
    event("an allowed host was asked" if seen.hosts else "nobody was asked")


def turned_to(url: str, client: Any, ask: Callable[[Any], Callable[[], object]]) -> None:
    """Ask with a copy of a client that has another endpoint."""
    ask(client.with_options(base_url=url))()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(HOSTS) | st.text(st.characters(codec="latin-1"), max_size=30))
def test_whatever_a_host_header_says_it_is_that_of_the_url(clients: byoclient.Clients, host: str) -> None:
    """Or nothing is sent."""
    seen, client = Seen(), clients.client()
    headers = {"Host": host}
    with seen.watching(), suppress(openai.APIConnectionError, byoclient.TrustError, ValueError):
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES, extra_headers=headers)
    assert not seen.hosts or host.lower() == "contoso.openai.azure.com"


def _yaml(text: str) -> str:
    return json.dumps(text)


def _written(folders: pytest.TempPathFactory, text: str) -> Path:
    path = folders.getbasetemp() / "endpoint.yaml"
    path.write_text(text)
    path.chmod(0o600)
    return path
