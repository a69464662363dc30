"""Chat completions, as JSON and as a stream of chunks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from byoclient.emulator.answers import Answer, Call, Text, answer, count, pieces
from byoclient.emulator.asks import chat_ask, section
from byoclient.emulator.azure_errors import bad_request
from byoclient.emulator.hashing import created, digest_of
from byoclient.emulator.replies import EventReply, JsonObject, JsonReply, Reply, data_events

MOST_CHOICES = 128


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that was read and found right, and what it is answered.

    Attributes:
        said: the answer, the same in every choice.
        digest: hex digits that depend on the request.
        model: the deployment.
        choices: how many choices.
        legacy: whether the caller offers the older `functions` instead of `tools`.
        wants_usage: whether a stream ends with the usage.
        prompt_words: the words of all messages.
    """

    said: Answer
    digest: str
    model: str
    choices: int
    legacy: bool
    wants_usage: bool
    prompt_words: int


def complete(body: JsonObject, deployment: str) -> Reply:
    """Answer a chat completion request."""
    exchange = read(body, deployment)
    if body.get("stream"):
        return EventReply(data_events(chunks(exchange)))
    return JsonReply(completion(exchange))


def read(body: JsonObject, deployment: str) -> Exchange:
    """Read a request whole, since an error cannot be sent once a stream has begun."""
    ask = chat_ask(body, deployment)
    return Exchange(
        said=answer(ask),
        digest=digest_of(body, deployment),
        model=deployment,
        choices=choice_count(body),
        legacy=not body.get("tools"),
        wants_usage=bool(section(body, "stream_options").get("include_usage")),
        prompt_words=ask.words,
    )


def choice_count(body: JsonObject) -> int:
    """Return `n`."""
    n = body.get("n")
    if n is None:
        return 1
    if type(n) is not int or not 1 <= n <= MOST_CHOICES:
        raise bad_request(f"Invalid 'n': expected an integer from 1 to {MOST_CHOICES}.", "n")
    return n


def completion(exchange: Exchange) -> JsonObject:
    """Return the whole completion."""
    message = {"role": "assistant", "content": None, "refusal": None, **said_in(exchange, exchange.said)}
    reason = finish_reason(exchange)
    choices = [choice(index, reason, message=message) for index in range(exchange.choices)]
    return {**head(exchange, "chat.completion"), "choices": choices, "usage": usage(exchange)}


def chunks(exchange: Exchange) -> Iterator[JsonObject]:
    """Yield the completion's chunks; with `include_usage` all but the last carry `usage: null`."""
    start = head(exchange, "chat.completion.chunk") | ({"usage": None} if exchange.wants_usage else {})
    for index in range(exchange.choices):
        for delta in deltas(exchange):
            yield {**start, "choices": [choice(index, None, delta=delta)]}
        yield {**start, "choices": [choice(index, finish_reason(exchange), delta={})]}
    if exchange.wants_usage:
        yield {**start, "choices": [], "usage": usage(exchange)}


def head(exchange: Exchange, kind: str) -> JsonObject:
    """Return what a completion and each of its chunks begin with."""
    return {
        "id": f"chatcmpl-{exchange.digest[:29]}",
        "object": kind,
        "created": created(exchange.digest),
        "model": exchange.model,
        "system_fingerprint": f"fp_{digest_of(exchange.model)[:10]}",
    }


def choice(index: int, reason: str | None, **content: JsonObject) -> JsonObject:
    """Return one choice, with a `message` or a `delta`."""
    return {"index": index, **content, "logprobs": None, "finish_reason": reason}


def finish_reason(exchange: Exchange) -> str:
    """Return why the answer ended."""
    if isinstance(exchange.said, Text):
        return "stop"
    return "function_call" if exchange.legacy else "tool_calls"


def said_in(exchange: Exchange, said: Answer) -> JsonObject:
    """Return the message fields that hold an answer."""
    if isinstance(said, Text):
        return {"content": said.text}
    function = {"name": said.name, "arguments": said.arguments}
    if exchange.legacy:
        return {"function_call": function}
    return {"tool_calls": [{"id": f"call_{exchange.digest[:24]}", "type": "function", "function": function}]}


def deltas(exchange: Exchange) -> Iterator[JsonObject]:
    """Yield the deltas of one choice: first the role, then the answer in pieces."""
    said = exchange.said
    if isinstance(said, Text):
        yield {"role": "assistant", "content": ""}
        yield from ({"content": piece} for piece in pieces(said.text))
        return
    yield {"role": "assistant", "content": None, **indexed(said_in(exchange, Call(said.name, "")))}
    for piece in pieces(said.arguments):
        if exchange.legacy:
            yield {"function_call": {"arguments": piece}}
        else:
            yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}


def indexed(delta: JsonObject) -> JsonObject:
    """Return a delta whose tool calls carry their index, as only streams have it."""
    calls = [{"index": index, **call} for index, call in enumerate(delta.get("tool_calls", ()))]
    return {**delta, "tool_calls": calls} if calls else delta


def usage(exchange: Exchange) -> JsonObject:
    """Return the token counts; a token is a word."""
    said = exchange.said
    made = count(said.text if isinstance(said, Text) else said.arguments) * exchange.choices
    return {
        "prompt_tokens": exchange.prompt_words,
        "completion_tokens": made,
        "total_tokens": exchange.prompt_words + made,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }
