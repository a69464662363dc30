"""`client_certificate` in `http:`, at a server that asks for one."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import openai
import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

import byoclient
from byoclient import Clients
from byoclient.emulator.sockets import listener
from tests.conftest import Write
from tests.support.gateway import Gateway
from tests.support.regions import Ask, ask, async_ask, async_stream, stream
from tests.yaml_files import azure_file

EACH = pytest.mark.parametrize("ask", [ask, async_ask, stream, async_stream])
BOTH = pytest.mark.parametrize("ask", [ask, async_ask])
IN_ONE = "both.pem"
APART = "{cert_file: cert.pem, key_file: key.pem}"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Whose certificates the gateway asks for."""
    return trustme.CA()


@pytest.fixture(scope="module")
def shared_gateway(authority: trustme.CA) -> Iterator[Gateway]:
    with Gateway(authority=authority) as running:
        yield running


@pytest.fixture
def gateway(shared_gateway: Gateway) -> Gateway:
    shared_gateway.clear_requests()
    return shared_gateway


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authority: trustme.CA) -> Path:
    """The working directory, with a certificate in one file and in two."""
    monkeypatch.chdir(tmp_path)
    issue(authority, tmp_path)
    return tmp_path


def issue(authority: trustme.CA, folder: Path, name: str = "client.contoso.example") -> None:
    """Write a new certificate and its key."""
    own = authority.issue_cert(name)
    own.private_key_and_cert_chain_pem.write_to_path(str(folder / "both.pem"))
    own.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    own.private_key_pem.write_to_path(str(folder / "key.pem"))


def written(gateway: Gateway, write: Write, certificate: str | None, more: str = "") -> str:
    """Write a file that shows a certificate, and return its path."""
    shown = f", client_certificate: {certificate}" if certificate else ""
    http = f"  http: {{ca_file: '{gateway.ca_file}'{shown}{more}}}\n"
    return write(azure_file(gateway, f"api_key: {gateway.api_key}", more=f"  max_retries: 0\n{http}"))


def load(gateway: Gateway, write: Write, certificate: str | None, more: str = "") -> Clients:
    return byoclient.load(written(gateway, write, certificate, more))


@EACH
@pytest.mark.parametrize("certificate", [IN_ONE, APART])
def test_a_server_that_asks_who_connects_is_shown_it(
    gateway: Gateway, write: Write, ask: Ask, certificate: str
) -> None:
    """In one file with its key, or in one for each."""
    assert "ping" in ask(load(gateway, write, certificate))
    assert [request.secure for request in gateway.requests] == [True]


@BOTH
def test_http2_shows_it_too(gateway: Gateway, write: Write, ask: Ask) -> None:
    """The context is the same."""
    assert "ping" in ask(load(gateway, write, IN_ONE, ", http2: true"))
    assert gateway.versions == ["2"]


@EACH
@pytest.mark.parametrize("more", ["", ", http2: true"])
@pytest.mark.parametrize("certificate", [None, IN_ONE])
def test_without_it_the_connection_fails(
    gateway: Gateway, write: Write, folder: Path, ask: Ask, more: str, certificate: str | None
) -> None:
    """Also with one of another authority."""
    issue(trustme.CA(), folder)
    with pytest.raises(openai.APIConnectionError):
        ask(load(gateway, write, certificate, more))
    assert gateway.connections_opened == 0
    assert gateway.requests == ()


@pytest.fixture
def strict(gateway: Gateway, authority: trustme.CA) -> Iterator[str]:
    """The URL of a server that says why it refuses a handshake, which asyncio's do not."""
    context = gateway.context(authority)

    def serve(listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with suppress(OSError), connection:
                with suppress(ssl.SSLError):
                    context.wrap_socket(connection.dup(), server_side=True).close()
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):  # what is left unread would make a reset of the end
                    pass

    with listener("port", 0) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield f"https://localhost:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


@BOTH
@pytest.mark.parametrize(("certificate", "reason"), [(None, "certificate required"), (IN_ONE, "unknown ca")])
def test_the_cause_is_what_the_server_says(
    gateway: Gateway, strict: str, write: Write, folder: Path, ask: Ask, certificate: str | None, reason: str
) -> None:
    """The SDK's error has it."""
    issue(trustme.CA(), folder)
    path = Path(written(gateway, write, certificate))
    path.write_text(path.read_text().replace(gateway.url, strict))
    with pytest.raises(openai.APIConnectionError) as caught:
        ask(byoclient.load(path))
    assert reason in str(caught.value.__cause__).lower().replace("_", " ")


@BOTH
def test_clients_with_and_without_it_share_no_connection(gateway: Gateway, write: Write, ask: Ask) -> None:
    """What one has proved does not count for the other."""
    with load(gateway, write, IN_ONE) as clients:
        assert "ping" in ask(clients)
        with pytest.raises(openai.APIConnectionError):
            ask(load(gateway, write, None))
        assert "ping" in ask(clients)
    assert len(gateway.requests) == 2


@BOTH
def test_a_renewed_certificate_counts_for_clients_that_are_built_then(
    gateway: Gateway, write: Write, ask: Ask, folder: Path, authority: trustme.CA
) -> None:
    """The file is the same, what stands in it is not."""
    issue(trustme.CA(), folder)
    clients = load(gateway, write, IN_ONE)
    with pytest.raises(openai.APIConnectionError):
        ask(clients)
    issue(authority, folder)
    clients.reload()
    assert "ping" in ask(clients)


MISTAKES = [
    ("nowhere.pem", ": names a file that does not exist."),
    (".", ": names a file that does not exist."),
    ("empty.pem", ": is no PEM certificate with its private key, not encrypted."),
    ("cert.pem", ": is no PEM certificate with its private key, not encrypted."),
    ("encrypted.pem", ": is no PEM certificate with its private key, not encrypted."),
    ("{cert_file: cert.pem, key_file: other.pem}", ": is no PEM certificate with its private key, not encrypted."),
    ("{cert_file: cert.pem, key_file: nowhere.pem}", ".key_file: names a file that does not exist."),
    ("{cert_file: nowhere.pem, key_file: key.pem}", ".cert_file: names a file that does not exist."),
    ("{cert_file: cert.pem}", ".key_file: missing. It is required."),
]


@pytest.mark.parametrize(("certificate", "message"), MISTAKES, ids=lambda part: part.strip(" .:"))
def test_mistakes_are_told_when_the_file_is_loaded(
    gateway: Gateway, write: Write, folder: Path, certificate: str, message: str
) -> None:
    """At their place and once; a key with a password too, which OpenSSL would ask for on the terminal."""
    (folder / "empty.pem").write_text("")
    key = load_pem_private_key((folder / "key.pem").read_bytes(), None)
    hidden = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass"))
    (folder / "encrypted.pem").write_bytes(hidden + (folder / "cert.pem").read_bytes())
    trustme.CA().issue_cert("x").private_key_pem.write_to_path(str(folder / "other.pem"))
    path = written(gateway, write, certificate)
    with pytest.raises(byoclient.ConfigError) as caught:
        byoclient.load(path)
    assert str(caught.value) == f"{path}:9: options.http.client_certificate{message}"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_key_that_may_not_be_read_is_told(gateway: Gateway, write: Write, folder: Path) -> None:
    """As one that is none."""
    (folder / "both.pem").chmod(0)
    with pytest.raises(byoclient.ConfigError, match=r":9: options\.http\.client_certificate: is no PEM"):
        load(gateway, write, IN_ONE)


def test_one_that_is_gone_when_the_client_is_built_is_told(gateway: Gateway, write: Write, folder: Path) -> None:
    """At its place, on either side."""
    clients = load(gateway, write, IN_ONE)
    (folder / "both.pem").unlink()
    for build in (clients.client, clients.async_client, clients.prepare):
        with pytest.raises(byoclient.ConfigError, match=r"yaml:9: options\.http\.client_certificate: names a file"):
            build()


@BOTH
def test_one_that_is_gone_afterwards_is_not_missed(gateway: Gateway, write: Write, ask: Ask, folder: Path) -> None:
    """It was read when the client was built."""
    clients = load(gateway, write, IN_ONE)
    clients.prepare()
    (folder / "both.pem").unlink()
    assert "ping" in ask(clients)
