"""Every test: a clean environment, no host but loopback, and no token and no clients that another test got."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from byoclient import reloading
from byoclient.emulator import Emulator
from byoclient.identity import sharing

FOREIGN = ("AZURE_", "OPENAI_", "BYOCLIENT_", "IDENTITY_", "IMDS_", "MSI_", "SSL_CERT", "LANGROID_", "MSYSTEM")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")

Write = Callable[..., str]
SetEnvironment = Callable[[Mapping[str, str]], None]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith(FOREIGN) or name.lower() in PROXIES:
            monkeypatch.delenv(name)
    # Without it azure-identity's default credential asks the link-local address of Azure's metadata service.
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")
    sharing._sources.clear()
    reloading._unpickled.clear()


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not ipaddress.ip_address(address[0]).is_loopback:
            raise AssertionError(f"a test connects to {address[0]}")
        connect(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in (None, "localhost", "127.0.0.1", "::1"):
            raise socket.gaierror(socket.EAI_NONAME, f"a test looks up {name}")
        return getaddrinfo(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)


@pytest.fixture(scope="session")
def shared_emulator() -> Iterator[Emulator]:
    """One emulator for the whole run; tests take `emulator`, which starts with an empty record."""
    with Emulator() as running:
        yield running


@pytest.fixture
def emulator(shared_emulator: Emulator) -> Emulator:
    """An emulator that has recorded no request yet, and with nothing broken."""
    shared_emulator.mend()
    shared_emulator.clear_requests()
    return shared_emulator


@pytest.fixture
def set_environment(monkeypatch: pytest.MonkeyPatch) -> SetEnvironment:
    """Set variables for this test, as those of a managed identity."""

    def set_variables(variables: Mapping[str, str]) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_variables


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a YAML file and return its path."""

    def write_file(text: str | bytes, name: str = "llm.yaml") -> str:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(0o600)  # many hold a literal secret
        return str(path)

    return write_file


def pytest_configure() -> None:
    """Let programs that tests start hear Ctrl-C, also where pytest itself was started in the background of a script."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
