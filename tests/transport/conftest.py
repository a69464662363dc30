"""Two regions, as two emulators."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from byoclient.emulator import Emulator
from byoclient.transport.breaker import breakers
from byoclient.transport.budget import budgets


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
