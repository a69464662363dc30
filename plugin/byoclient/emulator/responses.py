"""The Responses API, as JSON and as a stream of events."""

from __future__ import annotations

from collections.abc import Iterator

from byoclient.emulator.answers import Answer, Ask, Text, answer, count, pieces
from byoclient.emulator.asks import responses_ask
from byoclient.emulator.hashing import created, digest_of
from byoclient.emulator.replies import EventReply, JsonObject, JsonReply, Reply, named_events

ECHOED = ("instructions", "max_output_tokens", "metadata", "previous_response_id", "temperature", "top_p", "user")
DEFAULTS: JsonObject = {
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "text": {"format": {"type": "text"}},
    "truncation": "disabled",
    "store": True,
}


def respond(body: JsonObject, deployment: str) -> Reply:
    """Answer a Responses request."""
    ask = responses_ask(body, deployment)
    said = answer(ask)
    whole = response(body, ask, said)
    if not body.get("stream"):
        return JsonReply(whole)
    return EventReply(named_events(events(whole, said)))


def response(body: JsonObject, ask: Ask, said: Answer) -> JsonObject:
    """Return the whole response."""
    digest = digest_of(body, ask.deployment)
    chosen = {name: body.get(name, default) for name, default in DEFAULTS.items()}
    return {
        "id": f"resp_{digest[:48]}",
        "object": "response",
        "created_at": created(digest),
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": ask.deployment,
        **{name: body.get(name) for name in ECHOED},
        **chosen,
        "output": [item(digest, said)],
        "usage": usage(ask, said),
    }


def item(digest: str, said: Answer) -> JsonObject:
    """Return the one output item: a message or a function call."""
    if isinstance(said, Text):
        content = [{"type": "output_text", "text": said.text, "annotations": [], "logprobs": []}]
        return {
            "id": f"msg_{digest[:48]}",
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": content,
        }
    return {
        "id": f"fc_{digest[:48]}",
        "type": "function_call",
        "status": "completed",
        "call_id": f"call_{digest[:24]}",
        "name": said.name,
        "arguments": said.arguments,
    }


def events(whole: JsonObject, said: Answer) -> Iterator[JsonObject]:
    """Yield the events from `response.created` to `response.completed`."""
    done = whole["output"][0]
    started = {**whole, "status": "in_progress", "output": [], "usage": None}
    empty: JsonObject = {"content": []} if isinstance(said, Text) else {"arguments": ""}
    yield {"type": "response.created", "response": started}
    yield {"type": "response.in_progress", "response": started}
    added = {**done, "status": "in_progress", **empty}
    yield {"type": "response.output_item.added", "output_index": 0, "item": added}
    yield from text_events(done) if isinstance(said, Text) else call_events(done)
    yield {"type": "response.output_item.done", "output_index": 0, "item": done}
    yield {"type": "response.completed", "response": whole}


def text_events(done: JsonObject) -> Iterator[JsonObject]:
    """Yield the events of a message's only part."""
    part = done["content"][0]
    where = {"item_id": done["id"], "output_index": 0, "content_index": 0}
    yield {"type": "response.content_part.added", **where, "part": {**part, "text": ""}}
    for piece in pieces(part["text"]):
        yield {"type": "response.output_text.delta", **where, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", **where, "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", **where, "part": part}


def call_events(done: JsonObject) -> Iterator[JsonObject]:
    """Yield the events of a function call's arguments."""
    kind = "response.function_call_arguments"
    where = {"item_id": done["id"], "output_index": 0}
    for piece in pieces(done["arguments"]):
        yield {"type": f"{kind}.delta", **where, "delta": piece}
    yield {"type": f"{kind}.done", **where, "name": done["name"], "arguments": done["arguments"]}


def usage(ask: Ask, said: Answer) -> JsonObject:
    """Return the token counts; a token is a word."""
    made = count(said.text if isinstance(said, Text) else said.arguments)
    return {
        "input_tokens": ask.words,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": ask.words + made,
    }
