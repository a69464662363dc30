"""`langroid`: the clients as a `langroid.language_models.AzureConfig`.

Written against langroid 0.69 (`language_models/azure_openai.py`, `openai_gpt.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from byoclient.adapters.langroid_import import defaults, import_langroid
from byoclient.config import StrictModel
from byoclient.config.fields import Seconds, Text
from byoclient.errors import AdapterError, suggestion

if TYPE_CHECKING:
    from langroid.language_models import AzureConfig
    from openai import AsyncOpenAI, OpenAI

    from byoclient.clients import Clients

# Langroid builds two clients from api_key that it never uses, and openai >= 2.34 refuses an empty key for them.
PLACEHOLDER_KEY = "unused-the-client-comes-from-byoclient"

# The versions for which AzureGPT (0.69) believes that the service takes JSON schemas; it sends none of them.
_JSON_SCHEMA_VERSION = "2024-11-20"

_CLIENTS_OWN = "has no effect in Langroid once it is given a client. Set it in the client provider's options"
_FROM_FILE = "comes from the file's client_provider and async_client_provider. Take it away"
_WITHOUT_EFFECT = {
    "api_base": _CLIENTS_OWN,
    "api_key": _CLIENTS_OWN,
    "api_key_provider": _CLIENTS_OWN,
    "api_version": _CLIENTS_OWN,
    "azure_openai_async_client_provider": _FROM_FILE,
    "azure_openai_client_provider": _FROM_FILE,
    "deployment_name": "has no effect in Langroid once it is given a client. Name the deployment as chat_model",
    "headers": _CLIENTS_OWN,
    "http_client_config": _CLIENTS_OWN,
    "http_client_factory": _CLIENTS_OWN,
    "http_verify_ssl": _CLIENTS_OWN,
    "organization": _CLIENTS_OWN,
    "seed": "is never sent by Langroid. Set seed under params",
    "supports_strict_tools": "is ignored by Langroid's AzureGPT. Set strict on the ToolMessage",
    "use_cached_client": "has no effect in Langroid once it is given a client, which all agents share. Take it away",
}


class LangroidSettings(StrictModel):
    """Settings of the adapter: fields of Langroid's `AzureConfig`; what is left out keeps Langroid's default.

    Attributes:
        chat_model: the deployment or model; by default the `model` of the file.
        chat_model_orig: the model behind a deployment of another name: it decides on context length, cost and
            reasoning parameters.
        timeout: seconds, for sync and async, rounded up to whole ones; by default that of the client's options,
            else Langroid's.
        params: more parameters of each request, fields of Langroid's `OpenAICallParams`.
        supports_json_schema: whether the deployment takes JSON schemas as response format.
        streamer: called with each piece of a stream; only of `AzureGPT`, since `ChatAgent` sets its own.
    """

    chat_model: Text | None = None
    chat_model_orig: Text | None = None
    timeout: Seconds | None = None
    stream: bool | None = None
    async_stream_quiet: bool | None = None
    temperature: float | None = None
    max_output_tokens: int | None = None
    min_output_tokens: int | None = None
    chat_context_length: int | None = None
    params: Any = None
    parallel_tool_calls: bool | None = None
    retry_params: Any = None
    rate_limit: Any = None
    cache_config: Any = None
    thought_delimiters: tuple[str, str] | None = None
    supports_json_schema: bool | None = None
    streamer: Callable[..., Any] | None = None
    streamer_async: Callable[..., Any] | None = None

    @model_validator(mode="before")
    @classmethod
    def _nothing_without_effect(cls, data: Any) -> Any:
        for name, reason in _WITHOUT_EFFECT.items():
            if isinstance(data, dict) and name in data:
                raise PydanticCustomError("byoclient_without_effect", reason, {"key": name})
        return data


def config(clients: Clients, settings: LangroidSettings) -> AzureConfig:
    """Return an `AzureConfig` whose agents all share these clients.

    Args:
        clients: the loaded clients; what the file does not name, sync or async, Langroid warns about.
        settings: fields of the config.

    Raises:
        AdapterError: Langroid is not installed, cannot be imported, or refuses a setting.
        ProviderError: a client provider fails, or returns something else.
    """
    import_langroid()
    from langroid.language_models import AzureConfig

    fields = {**defaults(AzureConfig), "chat_model": clients.model, "api_key": PLACEHOLDER_KEY}
    timeout = math.ceil(_timeout(clients, settings) or fields["timeout"])
    try:
        return AzureConfig(
            **fields
            | _given(settings, fields)
            | ({"api_version": _JSON_SCHEMA_VERSION} if settings.supports_json_schema else {})
            | {
                "timeout": timeout,
                "azure_openai_client_provider": _client_provider(clients, timeout),
                "azure_openai_async_client_provider": _async_client_provider(clients, timeout),
            }
        )
    except ValueError as error:
        raise AdapterError(f"Langroid refuses a setting: {_reason(error)}") from None


def _given(settings: LangroidSettings, fields: dict[str, Any]) -> dict[str, Any]:
    names = settings.model_fields_set - {"timeout", "supports_json_schema"}
    return {name: _nested(name, getattr(settings, name), fields.get(name)) for name in names}


def _nested(name: str, value: Any, default: Any) -> Any:
    """Return a mapping as the model that Langroid's field holds; Langroid itself would drop unknown keys."""
    from langroid.language_models.openai_gpt import OpenAICallParams
    from pydantic import BaseModel

    model = OpenAICallParams if name == "params" else type(default)
    if not isinstance(value, dict) or not issubclass(model, BaseModel):
        return value
    for key in value:
        if key not in model.model_fields:
            known = suggestion(str(key), model.model_fields)
            raise AdapterError(f"{name}.{key}: Langroid's {model.__name__} has no such field.{known}")
    try:
        return model(**value)
    except ValueError as error:
        raise AdapterError(f"{name}: Langroid refuses a setting: {_reason(error)}") from None


def _timeout(clients: Clients, settings: LangroidSettings) -> float | None:
    from openai import DEFAULT_TIMEOUT

    if settings.timeout is not None:
        return settings.timeout
    timeout: Any = (clients.client() if clients.has_client else clients.async_client()).timeout
    if timeout == DEFAULT_TIMEOUT:
        return None
    read: float | None = getattr(timeout, "read", timeout)
    return read


# Langroid deep-copies the config. Plain functions stay what they are in a deep copy, while bound methods and
# partials take the clients, with their locks, along and fail. A copy of a client shares its connections, but not
# the timeout, which Langroid sets on the async one that it is given.


def _client_provider(clients: Clients, timeout: int) -> Callable[[], OpenAI] | None:
    if not clients.has_client:
        return None

    def client_provider() -> OpenAI:
        return clients.client().with_options(timeout=timeout)

    return client_provider


def _async_client_provider(clients: Clients, timeout: int) -> Callable[[], AsyncOpenAI] | None:
    if not clients.has_async_client:
        return None

    def async_client_provider() -> AsyncOpenAI:
        return clients.async_client().with_options(timeout=timeout)

    return async_client_provider


def _reason(error: ValueError) -> str:
    errors = getattr(error, "errors", None)
    if errors is None:
        return str(error)
    return "; ".join(
        f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}"
        for detail in errors(include_input=False, include_url=False)
    )
