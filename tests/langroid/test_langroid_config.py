"""`plug("langroid")`: a config that Langroid copies, clones and shares as it likes."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import langroid as lr
import openai
import pytest
from langroid.language_models import AzureConfig, AzureGPT

import byoclient
from byoclient.emulator import Emulator
from byoclient.errors import ProviderError
from tests.conftest import Write
from tests.langroid.agents import ANSWER, agent, chats, clients_of, connections, llm_of
from tests.langroid.conftest import Load

COPIES: dict[str, Callable[[AzureConfig], Any]] = {
    "deepcopy": copy.deepcopy,
    "model_copy": lambda config: config.model_copy(deep=True),
    "of the agent's config": lambda config: lr.ChatAgentConfig(llm=config).model_copy(deep=True).llm,
    "of an agent": lambda config: agent(config).clone(1).config.llm,
}

SWAPPED = """
import openai
def s(): return openai.OpenAI(api_key="key")
def a(): return openai.AsyncOpenAI(api_key="key")
"""


def test_langroid_by_itself_refuses_a_client_without_a_key() -> None:
    """The reason for the placeholder key: Langroid builds a client of its own first, with an empty key."""
    config = AzureConfig(azure_openai_client_provider=lambda: openai.AzureOpenAI(api_key="", azure_endpoint="x"))

    with pytest.raises(openai.OpenAIError, match="Missing credentials"):
        AzureGPT(config)


def test_an_agent_works_with_what_pip_installs_today(load: Load) -> None:
    """The plugged config is all that an agent needs."""
    answer = agent(load().plug("langroid")).llm_response("pip")

    assert answer is not None
    assert answer.content == f"{ANSWER}pip"


@pytest.mark.parametrize("copied", COPIES.values(), ids=list(COPIES))
def test_a_deep_copy_uses_the_same_connections(copied: Callable[[AzureConfig], Any], load: Load) -> None:
    """Langroid deep-copies the config for each agent; the clients inside are not copied."""
    clients = load()

    config = copied(clients.plug("langroid"))

    assert config.azure_openai_client_provider()._client is clients.client()._client
    assert config.azure_openai_async_client_provider()._client is clients.async_client()._client


def test_twenty_agents_share_one_connection_and_one_token(load: Load, emulator: Emulator) -> None:
    """However many agents there are, one on each side; with openai's own clients each agent has its own."""
    clients = load()
    config = clients.plug("langroid")
    agents = [agent(config) for _ in range(18)]
    agents += [agents[0].clone(1), agent(clients.plug("langroid"))]

    for number, each in enumerate(agents):
        each.llm_response(f"agent {number}")

    assert (len(chats(emulator)), connections(emulator)) == (20, 1)

    async def run() -> None:
        for number, each in enumerate(agents):
            await each.llm_response_forget_async(f"async agent {number}")

    asyncio.run(run())
    assert (len(chats(emulator)), connections(emulator)) == (40, 2)
    assert emulator.token_requests == 1
    held = [clients_of(each) for each in agents]
    assert {id(client._client) for client, _ in held} == {id(clients.client()._client)}
    assert {id(async_client._client) for _, async_client in held} == {id(clients.async_client()._client)}


def test_langroids_timeout_stays_out_of_the_shared_clients(load: Load) -> None:
    """Langroid sets a timeout on the async client that it is given: that is a copy."""
    clients = load()
    before = clients.client().timeout, clients.async_client().timeout

    client, async_client = clients_of(agent(clients.plug("langroid", timeout=3)))

    assert (client.timeout, async_client.timeout.read) == (3, 3)
    assert (clients.client().timeout, clients.async_client().timeout) == before


@pytest.mark.parametrize(
    ("settings", "options", "seconds"),
    [
        ("adapters: {langroid: {timeout: 7}}", "  timeout: 30\n", "7"),
        ("adapters: {langroid: {timeout: 6.5}}", "", "7"),
        ("", "  timeout: 30\n", "30"),
        ("", "", "20"),
    ],
    ids=["adapter before options", "whole seconds", "options", "Langroid's"],
)
def test_sync_and_async_have_the_same_timeout(
    settings: str, options: str, seconds: str, load: Load, emulator: Emulator
) -> None:
    """The adapter's setting counts, else that of the options, else Langroid's 20 s."""
    asked = agent(load(settings, options=options).plug("langroid", stream=False, cache_config=None))

    asked.llm_response("sync")
    asyncio.run(asked.llm_response_async("async"))

    assert [request.headers["x-stainless-read-timeout"] for request in chats(emulator)] == [seconds, seconds]


@pytest.mark.parametrize(
    ("function", "wrong", "right"),
    [("a", "client_provider", "async_client_provider"), ("s", "async_client_provider", "client_provider")],
    ids=["an async client as the sync one", "a sync client as the async one"],
)
def test_a_client_in_the_wrong_slot_is_one_clear_error(
    function: str, wrong: str, right: str, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes when the client is built, not with the first answer, and says which key to use."""
    (tmp_path / "swapped.py").write_text(SWAPPED)
    monkeypatch.syspath_prepend(tmp_path)
    file = write(f"model: gpt-4o\nclient_provider: swapped:{function}\nasync_client_provider: swapped:{function}\n")
    clients = byoclient.load(file, trust=byoclient.Trust(modules=("swapped",)))

    with pytest.raises(ProviderError, match=rf":\d: {wrong}: 'swapped:{function}' .* Name it as {right} instead"):
        agent(clients.plug("langroid"))


def test_the_model_behind_a_deployment_decides_on_its_context(load: Load) -> None:
    """Langroid knows models, not deployments: chat_model_orig tells it which one it is."""
    unknown = llm_of(agent(load().plug("langroid", chat_model="our-deployment")))
    settings = "adapters: {langroid: {chat_model: our-deployment, chat_model_orig: gpt-4.1}}"
    known = llm_of(agent(load(settings).plug("langroid")))

    assert unknown.chat_context_length() == 16_000
    assert known.chat_context_length() == 1_047_576


def test_the_model_behind_a_deployment_decides_on_its_parameters(load: Load, emulator: Emulator) -> None:
    """A reasoning model takes no temperature, whatever its deployment is called."""
    agent(load("adapters: {langroid: {chat_model_orig: o3-mini}}").plug("langroid")).llm_response("Think")

    (request,) = chats(emulator)
    assert request.path == "/openai/deployments/gpt-4o/chat/completions"
    assert "temperature" not in request.json()


def test_settings_of_the_call_win_over_those_of_the_file(load: Load, emulator: Emulator) -> None:
    """plug() takes the same settings as the file, and keeps the others of the file."""
    clients = load("adapters: {langroid: {temperature: 0.1, max_output_tokens: 77}}")

    agent(clients.plug("langroid", temperature=0.9)).llm_response("Which?")

    body = chats(emulator)[0].json()
    assert (body["temperature"], body["max_completion_tokens"]) == (0.9, 77)


@pytest.mark.parametrize("side", ["sync", "async"])
def test_a_file_with_one_side_is_enough_for_it(side: str, load: Load) -> None:
    """The side that the file does not name is None in Langroid, not another client."""
    asked = agent(load(side=side).plug("langroid", stream=False))

    answer = asked.llm_response("side") if side == "sync" else asyncio.run(asked.llm_response_async("side"))

    assert answer is not None
    assert answer.content == f"{ANSWER}side"
    assert [client is None for client in clients_of(asked)] == [side == "async", side == "sync"]
