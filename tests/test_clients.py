"""`load()` and `Clients` with the real SDK over real sockets."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

import byoclient
from byoclient.emulator import Emulator
from tests.conftest import Write
from tests.yaml_files import MESSAGES, azure_file, client_secret, v1_file

EMULATOR = "model: gpt-4o\nclient_provider: emulator\nasync_client_provider: emulator\n"


async def _ask_async(clients: byoclient.Clients) -> str | None:
    async with clients:
        answer = await clients.async_client().chat.completions.create(model=clients.model, messages=MESSAGES)
        return answer.choices[0].message.content


def _ask(clients: byoclient.Clients) -> str | None:
    answer = clients.client().chat.completions.create(model=clients.model, messages=MESSAGES)
    return answer.choices[0].message.content


@pytest.mark.parametrize("file", [azure_file, v1_file])
@pytest.mark.parametrize("way", ["api_key", "client_secret"])
def test_both_surfaces_answer_sync_and_async_with_a_key_and_with_a_token(
    file: Callable[[Emulator, str], str], way: str, emulator: Emulator, write: Write
) -> None:
    """The same file serves both clients."""
    sign_in = f"api_key: {emulator.api_key}" if way == "api_key" else client_secret(emulator)
    clients = byoclient.load(write(file(emulator, sign_in)))
    assert "ping" in str(_ask(clients))
    assert "ping" in str(asyncio.run(_ask_async(clients)))
    assert emulator.token_requests == (way == "client_secret")


def test_the_embedded_emulator_is_asked_with_a_token_from_its_https_token_endpoint(write: Write) -> None:
    """The real azure-identity fetches it, and nothing is written into the environment."""
    code = (
        "import os, sys, byoclient\n"
        "before = dict(os.environ)\n"
        f"clients = byoclient.load({write(EMULATOR)!r})\n"
        "messages = [{'role': 'user', 'content': 'x'}]\n"
        "answer = clients.client().chat.completions.create(model='gpt-4o', messages=messages)\n"
        "from byoclient.providers.emulator import _running\n"
        "(emulator,) = _running.values()\n"
        "chat, = [r for r in emulator.requests if 'chat' in r.path]\n"
        "assert chat.headers['authorization'].startswith('Bearer ') and 'api-key' not in chat.headers\n"
        "assert [r.path for r in emulator.requests if r.path.endswith('/token')] and emulator.token_requests == 1\n"
        "assert 'azure.identity' in sys.modules and os.environ == before\n"
        "print(answer.choices[0].message.content)\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "emulator, not a model" in done.stdout
    assert done.stderr == ""


def test_loading_imports_no_sdk_and_reaches_no_network(write: Write) -> None:
    """Built-in options are validated, without openai, azure-identity or an http library."""
    path = write("model: x\nclient_provider: azure_openai\nasync_client_provider: openai\noptions: {}\n")
    good = write(EMULATOR, "good.yaml")
    code = (
        "import socket, sys, byoclient\n"
        "def refuse(*a): raise AssertionError('network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        f"clients = byoclient.load({good!r})\n"
        f"try: byoclient.load({path!r})\n"
        "except byoclient.ConfigError as error: assert len(error.errors) == 3, error\n"
        "else: raise AssertionError('loaded')\n"
        "heavy = {'openai', 'azure', 'msal', 'httpx', 'httpx2', 'requests', 'langroid', 'starlette', 'click'}\n"
        "print(heavy & {name.split('.')[0] for name in sys.modules})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "set()", done.stderr


def test_each_client_is_built_once_whoever_asks(emulator: Emulator, write: Write) -> None:
    """Sixteen threads that start together get the same object."""
    clients = byoclient.load(write(azure_file(emulator, "api_key: k")))
    barrier = threading.Barrier(16)

    def get(index: int) -> object:
        barrier.wait()
        return clients.client() if index % 2 else clients.async_client()

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(get, range(16)))
    assert len({id(client) for client in found}) == 2


def test_prepare_builds_and_sends_nothing(emulator: Emulator, write: Write) -> None:
    """Every error at startup, no token, no request."""
    clients = byoclient.load(write(azure_file(emulator, client_secret(emulator)))).prepare()
    assert isinstance(clients.client(), openai.AzureOpenAI)
    assert isinstance(clients.async_client(), openai.AsyncAzureOpenAI)
    assert emulator.requests == ()


def test_a_side_that_the_file_does_not_name_says_which_key_to_add(emulator: Emulator, write: Write) -> None:
    """The other side works, and prepare() is content with it."""
    path = write(azure_file(emulator, "api_key: k", side="sync"))
    clients = byoclient.load(path).prepare()
    assert clients.has_client
    assert not clients.has_async_client
    with pytest.raises(byoclient.ConfigError) as caught:
        clients.async_client()
    assert str(caught.value) == f"{path}:1: the file names no async_client_provider. Add 'async_client_provider: …'."


def test_closed_clients_say_so(emulator: Emulator, write: Write) -> None:
    """`with` and `async with` close, and closing twice is nothing."""
    path = write(azure_file(emulator, f"api_key: {emulator.api_key}"))
    with byoclient.load(path) as clients:
        client = clients.client()
        _ask(clients)
    clients.close()
    assert client.is_closed()
    with pytest.raises(byoclient.ClosedError, match=r"Call byoclient\.load\(\) again"):
        clients.client()

    clients = byoclient.load(path)
    asyncio.run(_ask_async(clients))
    with pytest.raises(byoclient.ClosedError):
        clients.async_client()


def test_async_with_closes_the_async_client(emulator: Emulator, write: Write) -> None:
    """Its connections are given back."""

    async def run() -> bool:
        async with byoclient.load(write(azure_file(emulator, "api_key: k"))) as clients:
            client = clients.async_client()
        return client.is_closed()

    assert asyncio.run(run())


def test_an_llm_of_several_is_loaded_with_its_own_variables_only(
    emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable of another LLM may be unset."""
    monkeypatch.setenv("AZURE_MODEL", "gpt-4.1")
    path = write(
        "llms:\n"
        "  chat: {model: '${AZURE_MODEL}', client_provider: emulator}\n"
        "  other: {model: '${AZURE_UNSET}', client_provider: emulator}\n"
    )
    assert byoclient.load(path, llm="chat").model == "gpt-4.1"
    with pytest.raises(byoclient.ConfigError, match=r":3: llms\.other\.model: the variable AZURE_UNSET is not set"):
        byoclient.load(path, llm="other")


def test_the_repr_names_file_model_and_providers(write: Write) -> None:
    """And no options."""
    path = write(EMULATOR)
    expected = f"<Clients of {path!r}: model='gpt-4o' client_provider='emulator' async_client_provider='emulator'>"
    assert repr(byoclient.load(path)) == expected


def test_a_pathlike_is_a_path(write: Write) -> None:
    """As everywhere in Python."""
    from pathlib import Path

    assert byoclient.load(Path(write(EMULATOR))).model == "gpt-4o"
