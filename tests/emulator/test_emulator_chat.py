"""Chat completions through the real SDK."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from openai import AsyncAzureOpenAI, AzureOpenAI, DefaultHttpxClient, OpenAI

from byoclient.emulator import Emulator

HELLO: list[Any] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say  DONE\nnow"}]
SAID = "This is the byoclient emulator, not a model. You asked gpt-4o: Say  DONE\nnow"


def test_an_answer_names_the_emulator_and_quotes_the_last_user_message(azure: AzureOpenAI) -> None:
    """The answer says who gave it and holds the message whole, spaces and lines included."""
    done = azure.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert done.choices[0].message.content == SAID
    assert done.choices[0].finish_reason == "stop"
    assert (done.model, done.object) == ("gpt-4o", "chat.completion")
    assert done.system_fingerprint


def test_usage_counts_words(azure: AzureOpenAI) -> None:
    """Tokens are words of all messages and of the answer."""
    usage = azure.chat.completions.create(model="gpt-4o", messages=HELLO).usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (5, 14, 19)


def test_text_parts_are_read_and_other_parts_are_not(v1: OpenAI) -> None:
    """A content of parts counts as the text of its text parts."""
    parts: Any = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
    ]
    done = v1.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": parts}])
    assert str(done.choices[0].message.content).endswith("You asked gpt-4o: What is this?")


def test_without_a_user_message_the_answer_says_so(v1: OpenAI) -> None:
    """A conversation of system messages alone is answered too."""
    done = v1.chat.completions.create(model="gpt-4o", messages=[{"role": "system", "content": "x"}])
    assert done.choices[0].message.content == (
        "This is the byoclient emulator, not a model. You sent gpt-4o no user message."
    )


def test_any_text_is_echoed(http: DefaultHttpxClient) -> None:
    """Umlauts, emoji and even half a surrogate pair come back as they were sent."""
    for text in ("Grüße 🎈", "\ud83c", "\x00\u2028"):
        body = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": text}]})
        said = http.post("/openai/v1/chat/completions", content=body).json()["choices"][0]["message"]["content"]
        assert said.endswith(f"You asked gpt-4o: {text}")


def test_n_asks_for_several_choices(azure: AzureOpenAI) -> None:
    """`n` choices come, numbered, as a whole and as a stream."""
    done = azure.chat.completions.create(model="gpt-4o", messages=HELLO, n=3)
    assert [(c.index, c.message.content) for c in done.choices] == [(index, SAID) for index in range(3)]
    texts = {0: "", 1: ""}
    for chunk in azure.chat.completions.create(model="gpt-4o", messages=HELLO, n=2, stream=True):
        texts[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    assert texts == {0: SAID, 1: SAID}


def test_a_stream_is_a_role_then_pieces_then_a_reason(azure: AzureOpenAI) -> None:
    """The chunks have one id and join to the whole answer."""
    chunks = list(azure.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True))
    first, *pieces, last = [chunk.choices[0] for chunk in chunks]
    assert first.delta.role == "assistant"
    assert len(pieces) > 5
    assert "".join(piece.delta.content or "" for piece in pieces) == SAID
    assert [piece.finish_reason for piece in pieces] == [None] * len(pieces)
    assert (last.delta.content, last.finish_reason) == (None, "stop")
    assert len({chunk.id for chunk in chunks}) == 1
    assert {chunk.usage for chunk in chunks} == {None}


def test_include_usage_adds_a_chunk_without_choices(azure: AzureOpenAI) -> None:
    """The last chunk has the usage of the whole answer and no choice."""
    whole = azure.chat.completions.create(model="gpt-4o", messages=HELLO)
    *_, last = azure.chat.completions.create(
        model="gpt-4o", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    assert last.choices == []
    assert last.usage == whole.usage


def test_a_stream_ends_with_done_on_the_wire(http: DefaultHttpxClient) -> None:
    """Each event is one `data:` line, and the last says `[DONE]`."""
    body = {"model": "gpt-4o", "messages": HELLO, "stream": True}
    answer = http.post("/openai/v1/chat/completions", json=body)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    events = answer.text.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    assert all(event.startswith("data: {") for event in events[:-2])


def test_a_long_echo_is_a_short_stream(v1: OpenAI) -> None:
    """However long the message, the stream has few chunks."""
    text = "word " * 20_000
    chunks = list(v1.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": text}], stream=True))
    assert len(chunks) < 70
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks).endswith(text)


def test_the_async_client_streams(emulator: Emulator) -> None:
    """AsyncAzureOpenAI with `azure_deployment` gets the same pieces."""

    async def stream() -> str:
        async with AsyncAzureOpenAI(
            azure_endpoint=emulator.url,
            azure_deployment="gpt-4o",
            api_key=emulator.api_key,
            api_version="2024-10-21",
        ) as client:
            chunks = await client.chat.completions.create(model="anything", messages=HELLO, stream=True)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in chunks])

    assert asyncio.run(stream()) == SAID


def test_deployments_are_the_program_s_to_choose() -> None:
    """An emulator has the deployments that it was given, and a name with `embedding` in it embeds."""
    with (
        Emulator(deployments=["my-chat", "my-embedding"]) as emulator,
        AzureOpenAI(azure_endpoint=emulator.url, api_key=emulator.api_key, api_version="2024-10-21") as client,
    ):
        assert [model.id for model in client.models.list()] == ["my-chat", "my-embedding"]
        assert "my-chat" in str(client.chat.completions.create(model="my-chat", messages=HELLO).choices[0].message)
        assert client.embeddings.create(model="my-embedding", input="x").data


@pytest.mark.parametrize("surface", ["azure", "v1"])
def test_models_are_the_deployments(surface: str, emulator: Emulator, request: pytest.FixtureRequest) -> None:
    """Both surfaces list the deployments, and tell of one."""
    client = request.getfixturevalue(surface)
    assert tuple(model.id for model in client.models.list()) == emulator.deployments
    assert client.models.retrieve("gpt-4.1").id == "gpt-4.1"
