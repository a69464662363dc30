"""Two regions, as two emulators; gateways that speak HTTP/2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

import byoclient
from byoclient import Clients
from byoclient.emulator import Emulator
from byoclient.transport.breaker import breakers
from byoclient.transport.budget import budgets
from tests.conftest import Write
from tests.support.gateway import Gateway
from tests.yaml_files import azure_file

LoadHttp = Callable[..., Clients]


@pytest.fixture(scope="package")
def two_emulators() -> Iterator[tuple[Emulator, Emulator]]:
    """Two for the whole run; tests take `regions`."""
    with Emulator(api_key="key-of-west") as west, Emulator(api_key="key-of-north") as north:
        yield west, north


@pytest.fixture
def regions(two_emulators: tuple[Emulator, Emulator]) -> tuple[Emulator, Emulator]:
    """Two emulators that recorded no request yet, with nothing broken, and of which nothing is known."""
    for emulator in two_emulators:
        emulator.mend()
        emulator.clear_requests()
    breakers.clear()
    budgets.clear()
    return two_emulators


@pytest.fixture(scope="package")
def shared_gateway() -> Iterator[Gateway]:
    """One for the whole run; tests take `gateway`."""
    with Gateway() as running:
        yield running


@pytest.fixture(scope="package")
def shared_narrow() -> Iterator[Gateway]:
    """One for the whole run; tests take `narrow`."""
    with Gateway(most_streams=3) as running:
        yield running


@pytest.fixture
def gateway(shared_gateway: Gateway) -> Gateway:
    """A gateway that has recorded no request yet, and with nothing broken."""
    shared_gateway.mend()
    shared_gateway.clear_requests()
    return shared_gateway


@pytest.fixture
def narrow(shared_narrow: Gateway) -> Gateway:
    """The same, which takes three streams of a connection at once."""
    shared_narrow.mend()
    shared_narrow.clear_requests()
    return shared_narrow


@pytest.fixture
def load_http(write: Write) -> Iterator[LoadHttp]:
    """Load a file with `http:` options for https; closed in the end, since a server waits for TLS's goodbye."""
    with ExitStack() as stack:

        def load(emulator: Emulator, http: str, *, url: str = "", more: str = "") -> Clients:
            options = f"  max_retries: 0\n  http: {{ca_file: '{emulator.ca_file}', {http}}}\n{more}"
            text = azure_file(emulator, f"api_key: {emulator.api_key}", more=options)
            return stack.enter_context(byoclient.load(write(text.replace(emulator.url, url or emulator.url))))

        yield load
