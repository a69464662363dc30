"""Langroid with its tokenizer file at hand, and files whose clients sign in to the emulator."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

import byoclient
from byoclient.emulator import Emulator
from tests.conftest import SetEnvironment, Write
from tests.support.tokenizer import tokenizer_folder
from tests.yaml_files import azure_file

Load = Callable[..., byoclient.Clients]


def pytest_configure() -> None:
    """Set what Langroid reads at import: the test modules import it when they are collected."""
    os.environ["TIKTOKEN_CACHE_DIR"] = str(tokenizer_folder())
    os.environ.pop("OPENAI_API_KEY", None)  # with it, importing Langroid asks api.openai.com for its models


@pytest.fixture
def load(emulator: Emulator, write: Write, set_environment: SetEnvironment) -> Iterator[Load]:
    """Load a file that signs in with a managed identity; its text after the options is the test's."""
    set_environment(emulator.identity_environment)
    with ExitStack() as stack:

        def load_file(more: str = "", *, side: str = "both", options: str = "") -> byoclient.Clients:
            text = azure_file(emulator, "credential: {kind: managed_identity}", side=side, more=options)
            return stack.enter_context(byoclient.load(write(f"{text}{more}\n")))

        yield load_file
