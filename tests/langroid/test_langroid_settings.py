"""`adapters.langroid` in the file, and the settings of `plug()`: what is wrong says so."""

from __future__ import annotations

import traceback

import pytest
from langroid.cachedb.redis_cachedb import RedisCacheConfig
from langroid.language_models.openai_gpt import OpenAICallParams

from byoclient.emulator import Emulator
from byoclient.errors import AdapterError, ConfigError
from tests.langroid.agents import agent, chats
from tests.langroid.conftest import Load


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("api_base", "has no effect in Langroid once it is given a client. Set it in the client provider's options"),
        ("api_key", "has no effect .* Set it in the client provider's options"),
        ("api_version", "has no effect .* Set it in the client provider's options"),
        ("azure_openai_client_provider", "comes from the file's client_provider"),
        ("deployment_name", "has no effect .* Name the deployment as chat_model"),
        ("headers", "has no effect .* Set it in the client provider's options"),
        ("http_client_config", "has no effect .* Set it in the client provider's options"),
        ("organization", "has no effect .* Set it in the client provider's options"),
        ("seed", "is never sent by Langroid. Set seed under params"),
        ("supports_strict_tools", "is ignored by Langroid's AzureGPT"),
        ("use_cached_client", "has no effect .* which all agents share"),
    ],
)
def test_a_field_without_effect_is_refused_and_says_why(name: str, reason: str, load: Load) -> None:
    """Langroid would take it and do nothing; here the file's line is named."""
    with pytest.raises(ConfigError, match=rf"llm.yaml:\d+: adapters.langroid.{name}: {reason}"):
        load(f"adapters: {{langroid: {{{name}: 1}}}}").plug("langroid")


def test_an_unknown_setting_suggests_the_right_one(load: Load) -> None:
    """A misspelling is found before Langroid is imported."""
    with pytest.raises(ConfigError, match=r"adapters.langroid.temprature: unknown .* Did you mean 'temperature'"):
        load("adapters: {langroid: {temprature: 1}}").plug("langroid")


def test_an_unknown_setting_of_the_call_suggests_the_right_one(load: Load) -> None:
    """What the call is given wrongly is no fault of the file."""
    with pytest.raises(AdapterError, match=r"plug\('langroid'\): strem: unknown .* Did you mean 'stream'"):
        load().plug("langroid", strem=False)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            "params: {nonsense: 1}",
            r":\d+: adapters.langroid: params.nonsense: Langroid's OpenAICallParams has no such field",
        ),
        ("params: {top_pp: 1}", r"params.top_pp: .* Did you mean 'top_p'"),
        ("params: {top_p: [1]}", r"params: Langroid refuses a setting: top_p: Input should be a valid number"),
        ("params: 5", r"refuses a setting: params: "),
        ("retry_params: {max_tries: 1}", r"retry_params.max_tries: .* Did you mean 'max_retries'"),
        ("rate_limit: {headroom: 2}", r"rate_limit: Langroid refuses a setting: headroom: Input should be less than 1"),
        ("cache_config: {fakes: true}", r"cache_config.fakes: .* Did you mean 'fake'"),
        ("stream: null", r"refuses a setting: stream: "),
    ],
)
def test_a_wrong_nested_value_is_an_adapter_error(settings: str, message: str, load: Load) -> None:
    """Not a traceback of pydantic; and not silence, as Langroid itself has it for unknown call parameters."""
    with pytest.raises(AdapterError, match=message) as raised:
        load(f"adapters: {{langroid: {{{settings}}}}}").plug("langroid")

    assert "pydantic" not in "".join(traceback.format_exception(raised.value))


def test_nested_settings_of_the_file_reach_the_request(load: Load, emulator: Emulator) -> None:
    """The mapping in the file becomes the model that Langroid's field holds."""
    settings = (
        "adapters: {langroid: {params: {seed: 7, top_p: 0.5}, retry_params: {max_retries: 1}, cache_config: null}}"
    )
    config = load(settings).plug("langroid")

    agent(config).llm_response("Nested?")

    body = chats(emulator)[0].json()
    assert (body["seed"], body["top_p"]) == (7, 0.5)
    assert config.retry_params.max_retries == 1
    assert config.cache_config is None


def test_nested_settings_of_the_call_may_be_langroids_own_objects(load: Load) -> None:
    """A program may pass what it would pass to AzureConfig."""
    params, cache = OpenAICallParams(top_p=0.5), RedisCacheConfig(fake=True)

    config = load().plug("langroid", params=params, cache_config=cache)

    assert (config.params, config.cache_config) == (params, cache)


def test_settings_count_however_the_file_spells_the_adapters_name(load: Load) -> None:
    """Names are compared normalised, in plug() and in the file."""
    assert load("adapters: {Langroid: {temperature: 0.7}}").plug("langroid").temperature == 0.7
    embeddings = load("adapters: {langroid_embeddings: {dims: 77}}").plug("langroid.embeddings")
    assert embeddings.embedding_dims == 77
