"""Streams that are cut, and streams that are not read to their end."""

from __future__ import annotations

import asyncio
import json
import random
import re
from typing import Any
from urllib.request import Request, urlopen

from bench.fault_rows.answers import many
from bench.fault_rows.sides import Run
from tests.support import asking
from tests.support.ledger import Ledger


def cut(run: Run, call: str, way: str, count: int) -> str:
    """Streams that are cut at and beside the end of each event, and all over their length."""
    count = run.count(count, 60)
    places = iter(random.Random(1).sample(cuts(stream_body(run, call), count), count))

    def cut_next() -> None:
        run.break_answers(cut=next(places), cut_by=way)

    ledger = many(run, call, count, 1, cut_next)
    account = ledger.account({})
    return f"{account.silent} silent, {account.raised} raised, {account.answered} complete"


def cuts(body: bytes, count: int) -> list[int]:
    """Return where to cut a stream; at least so many places."""
    ends = [end.end() for end in re.finditer(b"\n\n", body)]
    beside = [end + more for end in ends for more in (-2, -1, 0, 1) if end + more < len(body)]
    return beside + [number * len(body) // count for number in range(count)]


def stream_body(run: Run, call: str) -> bytes:
    """Return a stream's body."""
    path = "responses" if call == "stream_response" else "deployments/gpt-4o/chat/completions"
    name = Ledger().send()
    body = {"model": asking.MODEL, "messages": asking.messages(name), "input": name, "stream": True}
    request = Request(f"{run.side.url}/openai/{path}?api-version=2025-04-01-preview", json.dumps(body).encode())
    with urlopen(request, timeout=20) as answer:
        said: bytes = answer.read()
        return said


def stop_at_last_chunk(run: Run, count: int, *, usage: bool) -> str:
    """Streams whose reader stops at the finish reason or the usage and never closes; all are kept."""
    count, kept = run.count(count, 30), []
    create = {"model": asking.MODEL, "messages": asking.messages("Hello"), "stream": True}
    create |= {"stream_options": {"include_usage": True}} if usage else {}

    def finished(chunk: Any) -> bool:
        return bool(chunk.usage) if usage else any(choice.finish_reason for choice in chunk.choices)

    async def asynchronously() -> None:
        client = run.side.async_client()
        for _ in range(count):
            kept.append(await client.chat.completions.create(**create))
            async for chunk in kept[-1]:
                if finished(chunk):
                    break

    if run.asynchronous:
        asyncio.run(asynchronously())
    else:
        client = run.side.client()
        for _ in range(count):
            kept.append(client.chat.completions.create(**create))
            next(chunk for chunk in kept[-1] if finished(chunk))
    return f"{run.state()['connections_opened']} connections for {count} streams"
