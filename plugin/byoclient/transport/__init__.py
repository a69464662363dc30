"""How requests travel: connections, and the hosts that may receive what they carry.

For providers of your own, `http_client(options)` and `async_http_client(options)` make the `http_client=` of an SDK
client, with all that the built-in ones get: one pool for each set of options, also across `load()` calls, that
survives forks and event loops; streams that raise when they were cut off and give their connection back; proxy,
certificates and limits from YAML.

    class Options(BaseModel):
        region: str
        http: ClientHttp = ClientHttp()

    def gateway(options: Options) -> AzureOpenAI:
        return AzureOpenAI(..., http_client=http_client(options.http))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from byoclient.transport.endpoint_state import EndpointState
from byoclient.transport.options import ClientHttp

if TYPE_CHECKING:
    from byoclient.transport.http import BoundAsyncHttpClient, BoundHttpClient

__all__ = ["ClientHttp", "EndpointState", "async_http_client", "http_client"]


def http_client(options: ClientHttp | None = None) -> BoundHttpClient:
    """Return an http client, an `httpx.Client`, for a client of the openai SDK; imports the SDK.

    Args:
        options: how it connects; by default without a proxy and with the usual certificates.
    """
    from byoclient.transport import http

    return http.http_client(options or ClientHttp())


def async_http_client(options: ClientHttp | None = None) -> BoundAsyncHttpClient:
    """Return its async twin, an `httpx.AsyncClient`; for any number of event loops."""
    from byoclient.transport import http

    return http.async_http_client(options or ClientHttp())
