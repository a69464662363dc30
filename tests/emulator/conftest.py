"""Real clients of the emulator, closed after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from openai import AzureOpenAI, DefaultHttpxClient, OpenAI

from byoclient.emulator import Emulator

API_VERSION = "2025-04-01-preview"


@pytest.fixture
def azure(emulator: Emulator) -> Iterator[AzureOpenAI]:
    """The SDK's Azure client with the key."""
    with AzureOpenAI(
        azure_endpoint=emulator.url, api_key=emulator.api_key, api_version=API_VERSION, max_retries=0
    ) as client:
        yield client


@pytest.fixture
def v1(emulator: Emulator) -> Iterator[OpenAI]:
    """The SDK's plain client on Azure's v1 surface."""
    with OpenAI(base_url=f"{emulator.url}/openai/v1/", api_key=emulator.api_key, max_retries=0) as client:
        yield client


@pytest.fixture
def http(emulator: Emulator) -> Iterator[DefaultHttpxClient]:
    """A plain HTTP client, of whichever httpx the SDK uses, that sends the key."""
    with DefaultHttpxClient(base_url=emulator.url, headers={"api-key": emulator.api_key}, trust_env=False) as client:
        yield client


@pytest.fixture
def anonymous() -> Iterator[DefaultHttpxClient]:
    """A plain HTTP client that sends no key."""
    with DefaultHttpxClient(trust_env=False) as client:
        yield client


@pytest.fixture
def broken() -> Iterator[Emulator]:
    """An emulator of this test alone."""
    with Emulator() as running:
        yield running
