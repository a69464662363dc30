"""Requests whose repr leaves the query out: it may hold a gateway's key, and error trackers show local variables.

httpx's own hides a password in a URL, and shows the query. Importing this module imports the SDK.
"""

from __future__ import annotations

from typing import Any

from byoclient.transport.compat import httpx


class QuietURL(httpx.URL):  # type: ignore[misc]  # one class for httpx and httpx2
    """A URL; `str()` gives all of it, as it is sent."""

    def __repr__(self) -> str:
        return f"URL({_without_query(self)!r})"


class QuietRequest(httpx.Request):  # type: ignore[misc]  # as above
    """A request."""

    def __repr__(self) -> str:
        return f"<Request({self.method!r}, {_without_query(self.url)!r})>"


def quiet(request: Any) -> Any:
    """Return the same request, which from now on is quiet: httpx makes its own class of them, and nothing else."""
    request.__class__ = QuietRequest
    request.url.__class__ = QuietURL
    return request


def _without_query(url: Any) -> str:
    shown = f"{url.scheme}://{url.netloc.decode('ascii')}{url.path}"  # netloc is host and port
    return f"{shown}?…" if url.query else shown
