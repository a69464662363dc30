"""httpx transports around the shared pools: what a client is given in place of connections of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import openai
from pydantic import SecretStr

from byoclient.errors import ConfigError
from byoclient.transport.compat import httpx
from byoclient.transport.deadlines import Deadline
from byoclient.transport.options import ClientHttp, PoolOptions, environment_proxy
from byoclient.transport.shared import Lease
from byoclient.transport.streams import AsyncEvents, Events, is_stream


class ProxyError(ConfigError, openai.OpenAIError):
    """The environment names a proxy that is none.

    It is an OpenAIError too, since the SDK passes only those through; others it would retry.
    """


class Leases:
    """The pools that one client sends through.

    Args:
        options: how it connects.
    """

    def __init__(self, options: ClientHttp) -> None:
        options.check_certificates()
        self._options = options.pool()
        # Plain http goes to loopback or to a trusted host, never in clear through somebody's proxy.
        self._direct = replace(self._options, proxy=None)
        self._asks_environment = options.trust_env and options.proxy is None
        self._held: dict[Any, Lease] = {}
        self._total = options.total_timeout
        self._lease(self._options)  # from now on the pool stays, also while nothing is sent

    def of(self, url: Any) -> Lease:
        """Return the lease for requests to a URL.

        Raises:
            ProxyError: the environment names a proxy for it that is none.
        """
        if url.scheme != "https":
            return self._lease(self._direct)
        proxy = self._environments(url) if self._asks_environment else None
        return self._lease(replace(self._options, proxy=SecretStr(proxy)) if proxy else self._options)

    def _environments(self, url: Any) -> str | None:
        try:
            return environment_proxy(url.host, url.port or 443)
        except ConfigError as error:
            raise ProxyError(error.message) from None

    def _lease(self, options: PoolOptions) -> Lease:
        lease = self._held.get(options)
        return self._held.setdefault(options, Lease(options)) if lease is None else lease

    def start(self, request: Any) -> None:
        """Begin the time that a request has, where it has not begun."""
        timeouts = request.extensions.get("timeout", {})
        if self._total is not None and not isinstance(timeouts, Deadline):
            request.extensions = {**request.extensions, "timeout": Deadline(self._total, timeouts)}

    def take_all(self) -> list[Lease]:
        """Return all leases, to be given back."""
        held, self._held = self._held, {}
        return list(held.values())


class SharedTransport(httpx.BaseTransport):  # type: ignore[misc]  # one class for httpx and httpx2
    """Sends through the process's shared pool of the same options."""

    def __init__(self, options: ClientHttp) -> None:
        self._leases = Leases(options)

    def handle_request(self, request: Any) -> Any:
        """Send a request."""
        self._leases.start(request)
        lease = self._leases.of(request.url)
        response = lease.transport().handle_request(request)
        if is_stream(response):
            response.stream = Events(request, response)
        return response

    def close(self) -> None:
        """Give the leases back."""
        for lease in self._leases.take_all():
            lease.give_back()


class AsyncSharedTransport(httpx.AsyncBaseTransport):  # type: ignore[misc]  # as above
    """Sends through the running event loop's shared pool of the same options."""

    def __init__(self, options: ClientHttp) -> None:
        self._leases = Leases(options)

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request."""
        self._leases.start(request)
        lease = self._leases.of(request.url)
        response = await (await lease.async_transport()).handle_async_request(request)
        if is_stream(response):
            response.stream = AsyncEvents(request, response)
        return response

    async def aclose(self) -> None:
        """Give the leases back."""
        for lease in self._leases.take_all():
            await lease.async_give_back()
