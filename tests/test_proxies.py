"""Proxies: used for https only, and not trusted with certificates."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

import byoclient
from byoclient import Trust
from byoclient.emulator import Emulator
from tests.conftest import Write
from tests.yaml_files import MESSAGES, azure_file, client_secret

PAIR = """\
model: x
client_provider: openai
options:
  api_key: canary-key
  http: {{proxy: '{proxy}', ca_file: '{ca_file}'}}
"""


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that notes the first line of what it is asked, and refuses."""
    lines: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    lines.append(connection.recv(65536).splitlines()[0])
                    connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", lines
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def _ask(path: str, trust: Trust | None = None) -> object:
    with byoclient.load(path, trust=trust) as clients:
        return clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES)


def test_https_goes_through_the_proxy_of_the_file(proxy: tuple[str, list[bytes]], write: Write) -> None:
    """As a tunnel: it sees the host and nothing else."""
    url, lines = proxy
    text = f"model: x\nclient_provider: openai\noptions: {{api_key: k, max_retries: 0, http: {{proxy: '{url}'}}}}\n"
    with pytest.raises(openai.APIConnectionError):
        _ask(write(text))
    assert lines == [b"CONNECT api.openai.com:443 HTTP/1.1"]


def test_signing_in_goes_through_the_proxy_of_the_credential(
    proxy: tuple[str, list[bytes]], emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not through that of the environment, nor what the client sends through the credential's."""
    url, lines = proxy
    sign_in = client_secret(emulator)
    path = write(azure_file(emulator, sign_in.replace("http: {", f"http: {{proxy: '{url}', ")))
    with pytest.raises(byoclient.CredentialError, match="Tunnel connection failed: 502"):
        _ask(path)
    tunnel = f"CONNECT {emulator.tls_url.removeprefix('https://')} HTTP/1.".encode()
    assert lines
    assert all(line.startswith(tunnel) for line in lines)
    lines.clear()
    monkeypatch.setenv("HTTPS_PROXY", url)
    assert _ask(write(azure_file(emulator, sign_in)))
    assert lines == []


@pytest.mark.parametrize("how", ["file", "environment"])
def test_plain_http_never_goes_through_a_proxy(
    how: str, proxy: tuple[str, list[bytes]], emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which would read the token of a loopback endpoint."""
    url, lines = proxy
    monkeypatch.setenv("HTTP_PROXY", url)
    http = f"{{proxy: '{url}'}}" if how == "file" else "{trust_env: true}"
    assert _ask(write(azure_file(emulator, f"api_key: {emulator.api_key}", more=f"  http: {http}\n")))
    assert lines == []


def test_a_proxy_beside_certificates_of_the_same_file_needs_trust(emulator: Emulator, write: Write) -> None:
    """It could read what is encrypted."""
    path = write(PAIR.format(proxy="http://user:canary@proxy.contoso.com:8080", ca_file=emulator.ca_file))
    with pytest.raises(byoclient.TrustError) as caught:
        byoclient.load(path)
    assert str(caught.value) == (
        f"{path}:5: options.http.proxy: with a ca_file beside it, the proxy could read keys and tokens. Pass "
        'trust=Trust(hosts=("http://proxy.contoso.com:8080",)) to load(), or '
        "--trust-host http://proxy.contoso.com:8080."
    )
    byoclient.load(path, trust=Trust(hosts=("http://proxy.contoso.com:8080",)))


@pytest.mark.parametrize("proxy_url", ["proxy.contoso.com", "socks5://x:1", "http://", "http://:canary", "http://a b"])
def test_a_malformed_proxy_is_found_at_load(proxy_url: str, write: Write) -> None:
    """At its own key."""
    text = f"model: x\nclient_provider: openai\noptions: {{api_key: k, http: {{proxy: '{proxy_url}'}}}}\n"
    with pytest.raises(byoclient.ConfigError, match=r":3: options\.http\.proxy: is ") as caught:
        byoclient.load(write(text))
    assert "canary" not in str(caught.value)


def test_a_ca_file_without_certificates_is_found_at_load(tmp_path: Path, write: Write) -> None:
    """Also one that does not exist."""
    (tmp_path / "not.pem").write_text("hello")
    for name, message in (("not.pem", "is no PEM file with certificates"), ("nowhere.pem", "does not exist")):
        text = f"model: x\nclient_provider: openai\noptions: {{api_key: k, http: {{ca_file: '{tmp_path / name}'}}}}\n"
        with pytest.raises(byoclient.ConfigError, match=rf":3: options\.http\.ca_file: .*{message}"):
            byoclient.load(write(text))
