"""The openai SDK's clients, less what they read from the environment, bound to the hosts that they may reach.

Importing this module imports the SDK. The four classes are the SDK's own (isinstance holds), and keep these
promises in every copy that `with_options()` and `copy()` make:

- what the constructor was not given is not taken from `OPENAI_ORG_ID`, `OPENAI_PROJECT_ID`,
  `OPENAI_CUSTOM_HEADERS`, `OPENAI_ADMIN_KEY`, `OPENAI_WEBHOOK_SECRET`, `AZURE_OPENAI_API_KEY` or
  `AZURE_OPENAI_AD_TOKEN` (openai 2.54 to 3.54: `_client.py`, `lib/azure.py`);
- the host is checked before a token is asked for and again when the request leaves; redirects are off.
"""

from __future__ import annotations

from typing import Any

import openai
from openai.lib.azure import API_KEY_SENTINEL

from byoclient.transport.http import check_url

MOST_ALLOWED = 100


def _check_client(client: Any, options: Any) -> None:
    binding = getattr(client._client, "binding", None)
    if binding is None or client._allowed.get(options.url) is client._base_url:
        return
    check_url(binding, client._prepare_url(options.url))
    if len(client._allowed) < MOST_ALLOWED:
        client._allowed[options.url] = client._base_url


def _forget_environment(client: Any, given: dict[str, Any]) -> None:
    for name in ("organization", "project", "admin_api_key", "webhook_secret"):
        setattr(client, name, given.get(name))
    client._custom_headers = given.get("default_headers") or {}
    if isinstance(client, (openai.AzureOpenAI, openai.AsyncAzureOpenAI)):
        client._azure_ad_token = given.get("azure_ad_token")
        if given.get("api_key") is None:
            client.api_key = API_KEY_SENTINEL


class _Explicit:
    def __init__(self, **given: Any) -> None:
        self._allowed: dict[str, Any] = {}  # paths that were checked, each with the base URL at that time
        super().__init__(**given)
        _forget_environment(self, given)


class _Sync(_Explicit):
    def _prepare_options(self, options: Any) -> Any:
        _check_client(self, options)
        return super()._prepare_options(options)  # type: ignore[misc]  # the SDK's hook, behind this mixin


class _Async(_Explicit):
    async def _prepare_options(self, options: Any) -> Any:
        _check_client(self, options)
        return await super()._prepare_options(options)  # type: ignore[misc]  # as above


class OpenAI(_Sync, openai.OpenAI):
    """`openai.OpenAI` with the promises above."""


class AsyncOpenAI(_Async, openai.AsyncOpenAI):
    """`openai.AsyncOpenAI` with the promises above."""


class AzureOpenAI(_Sync, openai.AzureOpenAI):
    """`openai.AzureOpenAI` with the promises above."""


class AsyncAzureOpenAI(_Async, openai.AsyncAzureOpenAI):
    """`openai.AsyncAzureOpenAI` with the promises above."""
