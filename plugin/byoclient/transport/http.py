"""The http clients that the SDK's clients are given: shared connections, no redirects, and hosts that they may reach.

Importing this module imports the SDK.
"""

from __future__ import annotations

from typing import Any

import openai

from byoclient.config.headers import revealed
from byoclient.errors import TrustError
from byoclient.identity.sharing import TokenProvider
from byoclient.transport.auth import HostBinding
from byoclient.transport.options import ClientHttp
from byoclient.transport.quiet import quiet
from byoclient.transport.refresh import RefreshOnce
from byoclient.transport.transports import AsyncSharedTransport, SharedTransport
from byoclient.trust import Origin

MOST_REMEMBERED = 100  # servers of one client


class HostError(TrustError, openai.OpenAIError):
    """A request was about to go to a host that may not receive the client's key or token.

    It is an OpenAIError too, since the SDK passes only those through; others it would retry.
    """


class BoundHttpClient(openai.DefaultHttpxClient):
    """A sync http client that sends only to allowed hosts."""

    binding: HostBinding | None

    def build_request(self, *args: Any, **kwargs: Any) -> Any:
        """Return a request whose repr leaves the query out."""
        return quiet(super().build_request(*args, **kwargs))


class BoundAsyncHttpClient(openai.DefaultAsyncHttpxClient):
    """An async http client that sends only to allowed hosts."""

    binding: HostBinding | None

    def build_request(self, *args: Any, **kwargs: Any) -> Any:
        """Return a request whose repr leaves the query out."""
        return quiet(super().build_request(*args, **kwargs))


def http_client(
    options: ClientHttp, binding: HostBinding | None = None, tokens: TokenProvider | None = None
) -> BoundHttpClient:
    """Return an http client without redirects, on the process's shared connections.

    Args:
        options: how it connects.
        binding: the hosts that may receive what it carries; None for all.
        tokens: what gives the tokens, to refresh one that the service refuses; None for API keys.
    """

    guard = RequestCheck(binding)

    def check(request: Any) -> None:
        guard(request)

    hooks = {"request": [check]} if binding else {}
    client = BoundHttpClient(transport=SharedTransport(options), event_hooks=hooks, **arguments(options, tokens))
    client.binding = binding
    return client


def async_http_client(
    options: ClientHttp, binding: HostBinding | None = None, tokens: TokenProvider | None = None
) -> BoundAsyncHttpClient:
    """Return the async twin of `http_client`."""

    guard = RequestCheck(binding)

    async def check(request: Any) -> None:
        guard(request)

    hooks = {"request": [check]} if binding else {}
    transport = AsyncSharedTransport(options)
    client = BoundAsyncHttpClient(transport=transport, event_hooks=hooks, **arguments(options, tokens))
    client.binding = binding
    return client


def arguments(options: ClientHttp, tokens: TokenProvider | None) -> dict[str, Any]:
    """Return the keyword arguments that both http clients take, without transport and hooks."""
    timeouts = options.timeouts()
    return {
        "trust_env": False,  # of the environment the transport takes what the options allow
        "follow_redirects": False,
        "auth": RefreshOnce(tokens) if tokens else None,
        "headers": revealed(options.headers),
        **({"timeout": openai.Timeout(**timeouts)} if timeouts else {}),
    }


class RequestCheck:
    """Checks where each request goes; what was right before is not looked into again."""

    def __init__(self, binding: HostBinding | None) -> None:
        self._binding = binding
        self._right: set[tuple[str, bytes, str]] = set()

    def __call__(self, request: Any) -> None:
        """Raise HostError where a request may not be sent."""
        url, host = request.url, request.headers.get("host", "")
        found = (url.scheme, url.netloc, host)
        if found in self._right:
            return
        check_url(self._binding, url)
        if host.lower() != url.netloc.decode("ascii").lower():
            raise HostError("a Host header names another host than the URL. Take the header away.")
        if len(self._right) < MOST_REMEMBERED:
            self._right.add(found)


def check_url(binding: HostBinding | None, url: Any) -> None:
    """Raise HostError where nothing may be sent to a URL; binding None allows all."""
    if binding is None:
        return
    port = url.port or {"http": 80, "https": 443}.get(url.scheme, 0)
    refusal = binding.refusal(Origin(url.scheme, url.host.lower(), port))
    if refusal:
        raise HostError(refusal)
