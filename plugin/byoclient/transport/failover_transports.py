"""httpx transports that send to the next endpoint where one fails, and the http clients around them.

Importing this module imports the SDK.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from byoclient.errors import ConfigError, CredentialError
from byoclient.transport.compat import httpx
from byoclient.transport.endpoints import PLACEHOLDER_KEY, Endpoint, Endpoints
from byoclient.transport.failover import FAULTS, Trip
from byoclient.transport.failover_streams import async_begin, begin
from byoclient.transport.http import (
    BoundAsyncHttpClient,
    BoundHttpClient,
    arguments,
    async_http_client,
    check_url,
    http_client,
)
from byoclient.transport.options import ClientHttp
from byoclient.transport.refresh import TokenError, token_error


class FailoverHttpClient(BoundHttpClient):
    """A sync http client of several endpoints."""

    endpoints: Endpoints


class FailoverAsyncHttpClient(BoundAsyncHttpClient):
    """An async http client of several endpoints."""

    endpoints: Endpoints


def arguments_of(options: ClientHttp, endpoints: Endpoints) -> dict[str, Any]:
    """Return what turns an SDK client of `PLACEHOLDER_URL` into one of several endpoints: `api_key`, `http_client`.

    Args:
        options: how it connects to each. `total_timeout` holds for all of them together.
        endpoints: where it sends to.
    """
    client = FailoverHttpClient(transport=FailoverTransport(options, endpoints), **arguments(options, None))
    client.binding, client.endpoints = None, endpoints
    return {"api_key": PLACEHOLDER_KEY, "http_client": client}


def async_arguments_of(options: ClientHttp, endpoints: Endpoints) -> dict[str, Any]:
    """Return the same for an async SDK client."""
    transport = AsyncFailoverTransport(options, endpoints)
    client = FailoverAsyncHttpClient(transport=transport, **arguments(options, None))
    client.binding, client.endpoints = None, endpoints
    return {"api_key": PLACEHOLDER_KEY, "http_client": client}


class FailoverTransport(httpx.BaseTransport):  # type: ignore[misc]  # one class for httpx and httpx2
    """Sends to one endpoint after the other, each with its own key or token, host check and refresh."""

    def __init__(self, options: ClientHttp, endpoints: Endpoints) -> None:
        self._total = options.total_timeout
        self._endpoints = endpoints
        self._clients = {one: http_client(options, one.binding, one.tokens) for one in endpoints.all}

    def handle_request(self, request: Any) -> Any:
        """Send a request."""
        trip = Trip(self._endpoints, request, self._total)
        while True:
            try:
                response = self._answer(trip)
                if trip.accepts(response) or not trip.goes_on_after(response):
                    return response
                with suppress(*FAULTS):  # its fault was noted
                    response.close()
            except FAULTS as error:
                if not trip.goes_on_after_error(error):
                    raise
            except BaseException:  # also where it is cancelled between two endpoints
                trip.release()
                raise

    def _answer(self, trip: Trip) -> Any:
        request = trip.request()
        _sign(request, trip.endpoint)
        response = self._clients[trip.endpoint].send(request, stream=True)
        return begin(response, trip)

    def close(self) -> None:
        """Give the connections back."""
        for client in self._clients.values():
            client.close()


class AsyncFailoverTransport(httpx.AsyncBaseTransport):  # type: ignore[misc]  # as above
    """Its async twin."""

    def __init__(self, options: ClientHttp, endpoints: Endpoints) -> None:
        self._total = options.total_timeout
        self._endpoints = endpoints
        self._clients = {one: async_http_client(options, one.binding, one.tokens) for one in endpoints.all}

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request."""
        trip = Trip(self._endpoints, request, self._total)
        while True:
            try:
                response = await self._answer(trip)
                if trip.accepts(response) or not trip.goes_on_after(response):
                    return response
                with suppress(*FAULTS):  # its fault was noted
                    await response.aclose()
            except FAULTS as error:
                if not trip.goes_on_after_error(error):
                    raise
            except BaseException:  # also where it is cancelled between two endpoints
                trip.release()
                raise

    async def _answer(self, trip: Trip) -> Any:
        request = trip.request()
        await _async_sign(request, trip.endpoint)
        response = await self._clients[trip.endpoint].send(request, stream=True)
        return await async_begin(response, trip)

    async def aclose(self) -> None:
        """Give the connections back."""
        for client in self._clients.values():
            await client.aclose()


def _sign(request: Any, endpoint: Endpoint) -> None:
    """Add an endpoint's own key or token, once it is sure where it goes."""
    check_url(endpoint.binding, request.url)
    if endpoint.tokens is None:
        _add_key(request, endpoint)
        return
    try:
        token = endpoint.tokens()
    except CredentialError as error:
        raise token_error(error) from error.__cause__
    request.headers["Authorization"] = f"Bearer {token}"


async def _async_sign(request: Any, endpoint: Endpoint) -> None:
    check_url(endpoint.binding, request.url)
    if endpoint.tokens is None:
        _add_key(request, endpoint)
        return
    try:
        token = await endpoint.tokens.async_call()
    except CredentialError as error:
        raise token_error(error) from error.__cause__
    request.headers["Authorization"] = f"Bearer {token}"


def _add_key(request: Any, endpoint: Endpoint) -> None:
    try:
        key = endpoint.key() if endpoint.key else ""
    except ConfigError as error:  # a file that cannot be read; another endpoint's may
        raise TokenError(error.message, file=error.file, line=error.line, key=error.key) from None
    request.headers[endpoint.key_header] = key if endpoint.key_header == "api-key" else f"Bearer {key}"
