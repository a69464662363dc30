"""What a request is answered with: JSON, or a stream of server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

JsonObject = dict[str, Any]

JSON, EVENTS = "application/json", "text/event-stream"  # content types


@dataclass(frozen=True, slots=True)
class JsonReply:
    """A JSON answer."""

    body: JsonObject
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> bytes:
        """Return the body as it is sent."""
        return json.dumps(self.body).encode()  # plain ASCII: a message may have half a surrogate pair, without UTF-8


@dataclass(frozen=True, slots=True)
class EventReply:
    """A stream; each item is sent in one piece."""

    events: Iterable[bytes]


Reply = JsonReply | EventReply


def data_events(chunks: Iterable[JsonObject]) -> Iterator[bytes]:
    """Write chat completion chunks as server-sent events, with `[DONE]` at the end."""
    for chunk in chunks:
        yield f"data: {json.dumps(chunk)}\n\n".encode()
    yield b"data: [DONE]\n\n"


def named_events(events: Iterable[JsonObject]) -> Iterator[bytes]:
    """Write Responses events as server-sent events: named by their type, numbered, no `[DONE]`."""
    for number, event in enumerate(events):
        yield f"event: {event['type']}\ndata: {json.dumps({**event, 'sequence_number': number})}\n\n".encode()
