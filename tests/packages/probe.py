"""A program that uses byoclient: loads all files that it is given, then asks with each; prints what it saw as JSON.

python probe.py [--trust MODULE] FILE...
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import sys
import traceback
from typing import TYPE_CHECKING, Any

import byoclient

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion


def loaded(path: str, trust: byoclient.Trust) -> byoclient.Clients | byoclient.ByoclientError:
    """Return the clients of a file, or why there are none."""
    try:
        return byoclient.load(path, trust=trust)
    except byoclient.ByoclientError as error:
        return error


def used(clients: byoclient.Clients | byoclient.ByoclientError) -> dict[str, Any]:
    """Return what asking gave: the answers, or the error."""
    if isinstance(clients, byoclient.ByoclientError):
        return failure(clients, "load")
    try:
        clients.prepare()
    except byoclient.ByoclientError as error:
        return failure(error, "prepare")
    return {"step": "done", "sync": ask(clients), "async": asyncio.run(async_ask(clients))}


def ask(clients: byoclient.Clients) -> str | None:
    """Return the sync client's answer."""
    if not clients.has_client:
        return None
    answer: ChatCompletion = clients.client().chat.completions.create(**request(clients, "sync"))
    return answer.choices[0].message.content


async def async_ask(clients: byoclient.Clients) -> str | None:
    """Return the async client's answer."""
    async with clients:
        if not clients.has_async_client:
            return None
        answer: ChatCompletion = await clients.async_client().chat.completions.create(**request(clients, "async"))
        return answer.choices[0].message.content


def request(clients: byoclient.Clients, who: str) -> dict[str, Any]:
    """Return the arguments of a chat."""
    return {"model": clients.model, "messages": [{"role": "user", "content": f"hello from {who}"}]}


def failure(error: byoclient.ByoclientError, step: str) -> dict[str, Any]:
    """Return an error as data."""
    trace = "".join(traceback.format_exception(error))
    return {"step": step, "kind": type(error).__name__, "message": str(error), "traceback": trace}


def modules() -> list[str]:
    """Return which modules of interest are imported."""
    return sorted(name for name in sys.modules if name == "openai" or name.startswith("acme"))


def stdlib_scan() -> str:
    """Return how the standard library's own scan of entry points ends."""
    try:
        importlib.metadata.entry_points()
    except Exception as error:
        return type(error).__name__
    return "works"


def main(arguments: list[str]) -> None:
    """Print the report."""
    trusted: tuple[str, ...] = ()
    if arguments[0] == "--trust":
        trusted, arguments = (arguments[1],), arguments[2:]
    every = [loaded(path, byoclient.Trust(modules=trusted)) for path in arguments]
    imported = modules()
    results = [used(clients) for clients in every]
    print(json.dumps({"stdlib": stdlib_scan(), "after_load": imported, "at_end": modules(), "results": results}))


main(sys.argv[1:])
