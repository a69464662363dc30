"""A request of a client of several endpoints, as one of them gets it.

The SDK's client is built for an address that does not exist, and with a key that is none: whatever gets past this by
mistake reaches nobody. Importing this module imports the SDK.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from byoclient.transport.compat import httpx
from byoclient.transport.endpoints import PLACEHOLDER_URL, Endpoint
from byoclient.transport.http import HostError
from byoclient.transport.quiet import quiet
from byoclient.transport.refresh import can_be_sent_again

_HOST = PLACEHOLDER_URL.removeprefix("https://").encode()
_PREFIX = re.compile(rb"/(openai|v1)/")
_DEPLOYMENT = re.compile(rb"^deployments/[^/?]+")
# What belongs to the placeholder or to another endpoint, or is set anew.
_REPLACED = {b"host", b"authorization", b"api-key", b"cookie"}


class Original:
    """A request as the SDK made it.

    Attributes:
        again: whether it can be sent more than once.
    """

    def __init__(self, request: Any) -> None:
        self._request = request
        self._rest = _path_of(request.url)
        self.again = can_be_sent_again(request)
        self._headers = [(name, value) for name, value in request.headers.raw if name.lower() not in _REPLACED]

    def to(self, endpoint: Endpoint, extensions: dict[str, Any]) -> Any:
        """Return the request for an endpoint, without a key or token."""
        rest, content = self._rest, None
        if endpoint.model is not None:
            deployment = b"deployments/" + endpoint.model.encode()
            rest, found = _DEPLOYMENT.subn(lambda match: deployment, rest)  # as it is: no template
            content = None if found or not self.again else with_model(self._request.content, endpoint.model)
        return self._made(_url_of(endpoint.url, rest), content, extensions)

    def _made(self, url: Any, content: bytes | None, extensions: dict[str, Any]) -> Any:
        headers = [(b"Host", url.netloc), *self._headers]
        method, stream = self._request.method, self._request.stream
        if content is None and self.again:
            content = self._request.content
        if content is None:
            return quiet(httpx.Request(method, url, headers=headers, stream=stream, extensions=extensions))
        headers = [(name, value) for name, value in headers if name.lower() != b"content-length"]
        return quiet(httpx.Request(method, url, headers=headers, content=content, extensions=extensions))


@lru_cache(maxsize=1000)  # most requests of a program have one of a few paths
def _url_of(base: str, rest: bytes) -> Any:
    url = httpx.URL(base)
    return url.copy_with(raw_path=url.raw_path + rest)


def _path_of(url: Any) -> bytes:
    """Return what comes after the placeholder's address: path and query."""
    path: bytes = url.raw_path
    prefix = _PREFIX.match(path)
    if prefix is None or url.scheme != "https" or url.netloc != _HOST:
        del path  # its query may hold a key, and error trackers show local variables
        raise HostError(
            f"a request to '{url.host}' has none of the endpoints of the options. Take the base_url or the host of the "
            "request away."
        )
    return path[prefix.end() :]


def with_model(content: bytes, model: str) -> bytes | None:
    """Return a JSON body with another model; None where it is no JSON object, or names no model."""
    try:
        body = json.loads(content)
    except ValueError:
        return None
    if not isinstance(body, dict) or body.get("model", model) == model:
        return None
    # As the SDK writes it (openai 3.57: `openapi_dumps`).
    return json.dumps({**body, "model": model}, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
