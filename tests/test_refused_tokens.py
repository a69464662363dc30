"""A 401 throws away exactly the token that was refused, and is tried once more with a new one."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs

import openai
import pytest

import byoclient
from byoclient.emulator import Emulator
from tests.conftest import SetEnvironment, Write
from tests.yaml_files import MESSAGES, azure_file, client_secret, device_code, v1_file


@pytest.mark.parametrize("file", [azure_file, v1_file])
@pytest.mark.parametrize("way", ["managed_identity", "client_secret"])
def test_a_revoked_token_is_replaced_and_the_request_answered(
    file: object, way: str, emulator: Emulator, write: Write, set_environment: SetEnvironment
) -> None:
    """On both surfaces, sync and async, past azure-identity's own cache."""
    set_environment(emulator.identity_environment)
    sign_in = client_secret(emulator) if way == "client_secret" else "credential: {kind: managed_identity}"
    clients = byoclient.load(write(file(emulator, sign_in)))  # type: ignore[operator]

    async def ask_twice() -> None:
        async with clients:
            client = clients.async_client()
            await client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
            emulator.revoke_tokens()
            await client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES)
    emulator.revoke_tokens()
    clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert emulator.token_requests == 2
    asyncio.run(ask_twice())
    assert emulator.token_requests == 3
    chats = [request for request in emulator.requests if "chat" in request.path]
    assert len(chats) == 6  # four answers, two refusals


def test_the_claims_of_a_challenge_go_to_the_token_endpoint(emulator: Emulator, write: Write) -> None:
    """As continuous access evaluation wants them, and only for that one token; sync and async."""
    clients = byoclient.load(write(azure_file(emulator, client_secret(emulator))))

    def claims() -> list[str | None]:
        forms = [parse_qs(request.body.decode()) for request in emulator.requests if "/oauth2/" in request.path]
        return [form.get("claims", [None])[0] for form in forms]

    async def ask() -> None:
        async with clients:
            await clients.async_client().chat.completions.create(model="gpt-4o", messages=MESSAGES)

    clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES)
    emulator.revoke_tokens(challenge=True)
    clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES)
    emulator.revoke_tokens(challenge=True)
    asyncio.run(ask())
    emulator.revoke_tokens()
    clients = byoclient.load(write(azure_file(emulator, client_secret(emulator))))
    clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES)
    first, second, third, *rest = claims()
    assert first is None
    assert "access_token" in json.loads(second or "")
    assert "access_token" in json.loads(third or "")
    assert rest == [None]


def test_a_person_whose_token_was_revoked_is_not_asked_again(
    emulator: Emulator, write: Write, capfd: pytest.CaptureFixture[str]
) -> None:
    """The refresh token gets the new one."""
    client = byoclient.load(write(azure_file(emulator, device_code(emulator)))).client()
    for _ in range(3):
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        emulator.revoke_tokens()
    assert emulator.token_requests == 3
    assert len(capfd.readouterr().err.splitlines()) == 1


def test_many_requests_with_a_revoked_token_are_answered_with_one_fetch(emulator: Emulator, write: Write) -> None:
    """64 threads at once."""
    client = byoclient.load(write(azure_file(emulator, client_secret(emulator)))).client()
    client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    emulator.revoke_tokens()
    emulator.clear_requests()
    barrier = threading.Barrier(64)

    def ask(_: int) -> object:
        barrier.wait()
        return client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    with ThreadPoolExecutor(64) as pool:
        assert len(list(pool.map(ask, range(64)))) == 64
    assert emulator.token_requests == 1


def test_a_second_refusal_is_the_callers_answer(emulator: Emulator, write: Write) -> None:
    """A token for another audience is refused again and again: two requests, two tokens, one error."""
    sign_in = client_secret(emulator).replace("kind: client_secret", "kind: client_secret, scope: https://x/.default")
    client = byoclient.load(write(azure_file(emulator, sign_in))).client()
    with pytest.raises(openai.AuthenticationError):
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert len([request for request in emulator.requests if "chat" in request.path]) == 2
    assert emulator.token_requests == 2


@pytest.mark.parametrize("file", [azure_file, v1_file])
@pytest.mark.parametrize(
    "sign_in",
    [
        "api_key: wrong",
        "api_key: {file: FILE}",
        "credential: {kind: static_token, token: wrong}",
        "credential: {kind: static_token, token: {file: FILE}}",
    ],
)
def test_what_cannot_be_renewed_is_sent_once(
    file: object, sign_in: str, emulator: Emulator, write: Write, tmp_path: Path
) -> None:
    """A refused API key or static token, sync and async: there is no other."""
    (tmp_path / "secret").write_text("wrong\n")
    path = write(file(emulator, sign_in.replace("FILE", str(tmp_path / "secret"))))  # type: ignore[operator]
    clients = byoclient.load(path)
    with pytest.raises(openai.AuthenticationError):
        clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert len(emulator.requests) == 1

    async def ask() -> None:
        async with clients:
            await clients.async_client().chat.completions.create(model="gpt-4o", messages=MESSAGES)

    with pytest.raises(openai.AuthenticationError):
        asyncio.run(ask())
    assert len(emulator.requests) == 2


def test_a_callers_own_authorization_is_left_alone(emulator: Emulator, write: Write) -> None:
    """Its refusal says nothing about our token."""
    client = byoclient.load(write(azure_file(emulator, client_secret(emulator)))).client()
    with pytest.raises(openai.AuthenticationError):
        client.chat.completions.create(
            model="gpt-4o", messages=MESSAGES, extra_headers={"Authorization": "Bearer their-own"}
        )
    assert [r.headers["authorization"] for r in emulator.requests if "chat" in r.path] == ["Bearer their-own"]


def test_where_no_new_token_can_be_got_the_error_says_so(
    emulator: Emulator, write: Write, set_environment: SetEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, with the place in the file; the SDK does not try again."""
    set_environment(emulator.identity_environment)
    path = write(azure_file(emulator, "credential: {kind: managed_identity}"))
    client = byoclient.load(path).client()
    client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    emulator.revoke_tokens()
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")
    emulator.clear_requests()
    with pytest.raises(byoclient.CredentialError) as caught:
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert (caught.value.file, caught.value.key) == (path, "options.credential")
    assert len([request for request in emulator.requests if "chat" in request.path]) == 1


def test_a_streamed_request_is_sent_once_more_too(emulator: Emulator, write: Write) -> None:
    """The refusal comes before the stream begins."""
    client = byoclient.load(write(azure_file(emulator, client_secret(emulator)))).client()
    client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    emulator.revoke_tokens()
    stream = client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
    assert "ping" in "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def test_a_body_that_cannot_be_sent_again_is_not(emulator: Emulator, write: Write, tmp_path: Path) -> None:
    """An upload that was read from a stream; the refusal is the caller's answer."""
    client = byoclient.load(write(azure_file(emulator, client_secret(emulator)))).client()
    client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    emulator.revoke_tokens()
    (tmp_path / "sound.mp3").write_bytes(b"x" * 100)
    with (tmp_path / "sound.mp3").open("rb") as sound, pytest.raises(openai.APIStatusError):
        client.audio.transcriptions.create(model="whisper", file=sound)
