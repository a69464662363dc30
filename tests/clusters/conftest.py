"""Clients for the workers of real local clusters."""

from __future__ import annotations

import pytest

import byoclient
from byoclient.emulator import Emulator
from tests.conftest import Write
from tests.yaml_files import azure_file, client_secret


@pytest.fixture
def clients(emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch) -> byoclient.Clients:
    """Clients that sign in with a secret of the environment; the workers take theirs from it."""
    monkeypatch.setenv("AZURE_SECRET", emulator.client_secret)
    return byoclient.load(write(azure_file(emulator, client_secret(emulator, secret="'${AZURE_SECRET}'"))))


@pytest.fixture
def lacking(emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch) -> byoclient.Clients:
    """Clients of a variable that no worker has, since it is set after they were started."""
    monkeypatch.setenv("AZURE_LATE", emulator.api_key)
    return byoclient.load(write(azure_file(emulator, "api_key: ${AZURE_LATE}"), "lacking.yaml"))
