"""`trust_env` in `http:`: the proxies and certificates that the environment names count, or do not."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import openai
import pytest

import byoclient
from byoclient import Clients
from byoclient.emulator import Emulator
from tests.conftest import SetEnvironment, Write
from tests.support.connect_proxy import ConnectProxy
from tests.support.regions import Ask, ask, async_ask, async_stream, stream
from tests.yaml_files import azure_file

Load = Callable[..., Clients]

BOTH = pytest.mark.parametrize("ask", [ask, async_ask])
EACH = pytest.mark.parametrize("ask", [ask, async_ask, stream, async_stream])


@pytest.fixture
def proxy() -> Iterator[ConnectProxy]:
    with ConnectProxy() as running:
        yield running


@pytest.fixture
def load(emulator: Emulator, write: Write) -> Iterator[Load]:
    """Load a file for the https side of the emulator; closed in the end, since a server waits for TLS's goodbye."""
    with ExitStack() as stack:

        def load(http: str = "trust_env: true", *, secure: bool = True) -> Clients:
            more = f"  max_retries: 0\n  http: {{{http}}}\n"
            text = azure_file(emulator, f"api_key: {emulator.api_key}", more=more)
            path = write(text.replace(emulator.url, emulator.tls_url) if secure else text)
            return stack.enter_context(byoclient.load(path))

        yield load


def trusting(emulator: Emulator, more: str = "trust_env: true") -> str:
    return f"ca_file: '{emulator.ca_file}', {more}"


def tunnel(emulator: Emulator) -> str:
    return f"CONNECT {emulator.tls_url.removeprefix('https://')} HTTP/1.1"


@EACH
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_https_goes_through_the_proxy_of_the_environment(
    emulator: Emulator, load: Load, proxy: ConnectProxy, set_environment: SetEnvironment, ask: Ask, name: str
) -> None:
    """As a tunnel, which is used again."""
    set_environment({name: proxy.url})
    clients = load(trusting(emulator))
    assert "ping" in ask(clients)
    assert "ping" in ask(clients)
    assert proxy.lines in ([tunnel(emulator)], [tunnel(emulator)] * 2)


@BOTH
@pytest.mark.parametrize("http", ["trust_env: false", "max_connections: 9"])
def test_without_trust_env_it_does_not(
    emulator: Emulator, load: Load, proxy: ConnectProxy, set_environment: SetEnvironment, ask: Ask, http: str
) -> None:
    """Which is the default."""
    set_environment(dict.fromkeys(("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"), proxy.url))
    assert "ping" in ask(load(trusting(emulator, http)))
    assert proxy.lines == []
    assert len(emulator.requests) == 1


@BOTH
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize("hosts", ["localhost", "127.0.0.1, localhost", "*", "localhost:{port}", "LOCALHOST"])
def test_hosts_without_a_proxy_are_reached_directly(
    emulator: Emulator,
    load: Load,
    proxy: ConnectProxy,
    set_environment: SetEnvironment,
    ask: Ask,
    name: str,
    hosts: str,
) -> None:
    """By name, by name and port, or all."""
    port = emulator.tls_url.rpartition(":")[2]
    set_environment({"HTTPS_PROXY": proxy.url, name: hosts.format(port=port)})
    assert "ping" in ask(load(trusting(emulator)))
    assert proxy.lines == []


@BOTH
@pytest.mark.parametrize("hosts", ["contoso.com", "localhost:1", "host", ""])
def test_other_hosts_are_not(
    emulator: Emulator, load: Load, proxy: ConnectProxy, set_environment: SetEnvironment, ask: Ask, hosts: str
) -> None:
    """Nor the same one at another port."""
    set_environment({"HTTPS_PROXY": proxy.url, "NO_PROXY": hosts})
    assert "ping" in ask(load(trusting(emulator)))
    assert proxy.lines == [tunnel(emulator)]


@BOTH
def test_that_for_https_wins_over_that_for_all(
    emulator: Emulator, load: Load, proxy: ConnectProxy, set_environment: SetEnvironment, ask: Ask
) -> None:
    """The more exact one; one without a scheme is an http proxy."""
    set_environment({"ALL_PROXY": "http://localhost:1", "HTTPS_PROXY": proxy.url.removeprefix("http://")})
    assert "ping" in ask(load(trusting(emulator)))
    assert proxy.lines == [tunnel(emulator)]


@BOTH
def test_that_of_the_file_wins_over_the_environment(
    emulator: Emulator, load: Load, proxy: ConnectProxy, set_environment: SetEnvironment, ask: Ask
) -> None:
    """Also over the hosts that need none."""
    set_environment({"HTTPS_PROXY": "http://localhost:1", "NO_PROXY": "*"})
    assert "ping" in ask(load(trusting(emulator, f"trust_env: true, proxy: '{proxy.url}'")))
    assert proxy.lines == [tunnel(emulator)]


@BOTH
@pytest.mark.parametrize("name", ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY"])
def test_plain_http_goes_through_none(
    emulator: Emulator, load: Load, proxy: ConnectProxy, set_environment: SetEnvironment, ask: Ask, name: str
) -> None:
    """It is sent to loopback alone, or to a host that is trusted with it."""
    set_environment({name: proxy.url, name.lower(): proxy.url})
    assert "ping" in ask(load(secure=False))
    assert proxy.lines == []


@BOTH
@pytest.mark.parametrize("where", ["file", "environment"])
def test_a_proxy_is_told_who_asks(
    emulator: Emulator, load: Load, proxy: ConnectProxy, set_environment: SetEnvironment, ask: Ask, where: str
) -> None:
    """As its URL says."""
    url = proxy.url.replace("://", "://me:canary@")
    set_environment({"HTTPS_PROXY": url} if where == "environment" else {})
    http = "trust_env: true" if where == "environment" else f"proxy: '{url}'"
    assert "ping" in ask(load(trusting(emulator, http)))
    assert proxy.authorizations == ["Basic bWU6Y2FuYXJ5"]
    assert "proxy-authorization" not in emulator.requests[-1].headers


@BOTH
def test_a_proxy_may_be_spoken_to_over_tls(emulator: Emulator, load: Load, ask: Ask) -> None:
    """With the same certificates."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(Path(emulator.ca_file).with_name("server.pem"))
    with ConnectProxy(context) as proxy:
        assert "ping" in ask(load(trusting(emulator, f"proxy: '{proxy.url}'")))
        assert proxy.lines == [tunnel(emulator)]


@BOTH
@pytest.mark.parametrize(
    "url", ["socks5://me:canary@localhost:1", "ftp://me:canary@localhost:1", "http://", "http://a b"]
)
def test_a_proxy_that_is_none_is_told(
    emulator: Emulator, load: Load, set_environment: SetEnvironment, ask: Ask, url: str
) -> None:
    """When it would be used; nothing goes around it, and its password is not shown."""
    set_environment({"HTTPS_PROXY": url})
    with pytest.raises(openai.OpenAIError, match="HTTPS_PROXY or ALL_PROXY is no URL of an http proxy") as caught:
        ask(load(trusting(emulator)))
    assert "canary" not in str(caught.value)
    assert emulator.requests == ()


@BOTH
def test_certificates_of_the_environment_count(
    emulator: Emulator, load: Load, set_environment: SetEnvironment, ask: Ask
) -> None:
    """With trust_env, and without a ca_file."""
    set_environment({"SSL_CERT_FILE": emulator.ca_file})
    assert "ping" in ask(load())
    with pytest.raises(openai.APIConnectionError):
        ask(load("trust_env: false"))


@BOTH
def test_a_ca_file_wins_over_the_environment(
    emulator: Emulator, load: Load, set_environment: SetEnvironment, ask: Ask, tmp_path: Path
) -> None:
    """What stands there is not even read."""
    set_environment({"SSL_CERT_FILE": str(tmp_path / "nowhere.pem")})
    assert "ping" in ask(load(trusting(emulator)))


@pytest.mark.parametrize("content", [None, "hello"])
def test_an_environment_without_certificates_is_told_when_the_client_is_built(
    emulator: Emulator, write: Write, set_environment: SetEnvironment, tmp_path: Path, content: str | None
) -> None:
    """At trust_env."""
    path = tmp_path / "env.pem"
    if content:
        path.write_text(content)
    set_environment({"SSL_CERT_FILE": str(path)})
    clients = byoclient.load(write(azure_file(emulator, "api_key: k", more="  http: {trust_env: true}\n")))
    for build in (clients.client, clients.async_client):
        with pytest.raises(byoclient.ConfigError, match=r"yaml:8: options\.http\.trust_env: no certificates can be"):
            build()
