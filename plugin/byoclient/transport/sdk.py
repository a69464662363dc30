"""The openai SDK's clients, less what they read from the environment, bound to the hosts that they may reach.

Importing this module imports the SDK. The four classes are the SDK's own (isinstance holds), and keep these
promises in every copy that `with_options()` and `copy()` make:

- what the constructor was not given is not taken from `OPENAI_ORG_ID`, `OPENAI_PROJECT_ID`,
  `OPENAI_CUSTOM_HEADERS`, `OPENAI_ADMIN_KEY`, `OPENAI_WEBHOOK_SECRET`, `AZURE_OPENAI_API_KEY` or
  `AZURE_OPENAI_AD_TOKEN` (openai 2.54 to 3.54: `_client.py`, `lib/azure.py`);
- the host is checked before a token is asked for and again when the request leaves; redirects are off.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import openai
from openai.lib.azure import API_KEY_SENTINEL

from byoclient.errors import TrustError
from byoclient.identity.sharing import TokenProvider
from byoclient.transport.auth import HostBinding
from byoclient.transport.http import ClientHttp
from byoclient.transport.refresh import RefreshOnce
from byoclient.trust import Origin


class HostError(TrustError, openai.OpenAIError):
    """A request was about to go to a host that may not receive the client's key or token.

    It is an OpenAIError too, since the SDK passes only those through; others it would retry.
    """


class BoundHttpClient(openai.DefaultHttpxClient):
    """A sync http client that sends only to allowed hosts."""

    binding: HostBinding

    def __del__(self) -> None:
        """Give the connections back, as the SDK's own http client does when nobody uses it any more."""
        if not self.is_closed:
            with suppress(Exception):
                self.close()


class BoundAsyncHttpClient(openai.DefaultAsyncHttpxClient):
    """An async http client that sends only to allowed hosts."""

    binding: HostBinding

    def __del__(self) -> None:
        """The same, where an event loop still runs that can do it."""
        if not self.is_closed:
            with suppress(Exception):
                asyncio.get_running_loop().create_task(self.aclose())


def http_client(options: ClientHttp, binding: HostBinding, tokens: TokenProvider | None = None) -> BoundHttpClient:
    """Return an http client with the SDK's own limits, without redirects.

    Args:
        options: how it connects.
        binding: the hosts that may receive what it carries.
        tokens: what gives the tokens, to refresh one that the service refuses; None for API keys.
    """

    def check(request: Any) -> None:
        _check_request(binding, request)

    client = BoundHttpClient(**_arguments(options, tokens), event_hooks={"request": [check]})
    client.binding = binding
    return client


def async_http_client(
    options: ClientHttp, binding: HostBinding, tokens: TokenProvider | None = None
) -> BoundAsyncHttpClient:
    """Return the async twin of `http_client`."""

    async def check(request: Any) -> None:
        _check_request(binding, request)

    client = BoundAsyncHttpClient(**_arguments(options, tokens), event_hooks={"request": [check]})
    client.binding = binding
    return client


def _arguments(options: ClientHttp, tokens: TokenProvider | None) -> dict[str, Any]:
    return {
        "verify": options.verify(),
        "proxy": options.proxy_url(),
        # Plain http goes to loopback or to a trusted host, never in clear through somebody's proxy.
        "mounts": {"http://": None},
        "trust_env": options.trust_env,
        "follow_redirects": False,
        "auth": RefreshOnce(tokens) if tokens else None,
    }


def _check_request(binding: HostBinding, request: Any) -> None:
    _check_url(binding, request.url)
    host = request.headers.get("host", "")
    if host.lower() != request.url.netloc.decode("ascii").lower():
        raise HostError("a Host header names another host than the URL. Take the header away.")


def _check_url(binding: HostBinding, url: Any) -> None:
    port = url.port or {"http": 80, "https": 443}.get(url.scheme, 0)
    refusal = binding.refusal(Origin(url.scheme, url.host.lower(), port))
    if refusal:
        raise HostError(refusal)


def _check_client(client: Any, options: Any) -> None:
    binding = getattr(client._client, "binding", None)
    if binding is not None:
        _check_url(binding, client._prepare_url(options.url))


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
