"""Secrets that stand elsewhere: in a variable, a mounted file, a keyring."""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import keyring
import openai
import pytest
from azure.core.exceptions import AzureError
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError

import byoclient
from byoclient import Trust
from byoclient.config.secrets import secret_values
from byoclient.config.sources import FileSecret, KeyringSecret
from byoclient.emulator import Emulator
from byoclient.identity import static
from byoclient.identity.application import ClientSecretConfig
from byoclient.identity.sharing import token_source
from byoclient.providers import azure_openai
from tests.conftest import Write
from tests.yaml_files import MESSAGES, azure_file, client_secret, v1_file

CANARY = "canary-71ff"
SCOPE = "https://cognitiveservices.azure.com/.default"


class Shelf(KeyringBackend):
    """A keyring in memory."""

    priority = 1.0
    entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        if service == "broken":
            raise KeyringError(CANARY)
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """The keyring of this process."""
    before, own = keyring.get_keyring(), Shelf()  # type: ignore[no-untyped-call]  # keyring's constructor
    keyring.set_keyring(own)
    yield own
    own.entries.clear()
    keyring.set_keyring(before)


def ask(clients: byoclient.Clients) -> None:
    """Ask sync and async, and close."""
    assert clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES).choices

    async def ask_async() -> None:
        async with clients:
            assert (await clients.async_client().chat.completions.create(model="gpt-4o", messages=MESSAGES)).choices

    asyncio.run(ask_async())


def rewrite(path: Path, text: str) -> None:
    """Write a file anew, as a mounted secret is: at another time."""
    path.write_text(text)
    later = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(later, later))


def wrong(path: str, trust: Trust | None = None) -> str:
    """Return what is wrong with a file, without its path."""
    with pytest.raises(byoclient.ConfigError) as caught:
        byoclient.load(path, trust=trust).prepare()
    assert not isinstance(caught.value, byoclient.ConfigErrors), str(caught.value)
    return str(caught.value).removeprefix(path)


@pytest.mark.parametrize("file", [azure_file, v1_file])
def test_an_api_key_from_a_file_follows_the_file(
    file: object, emulator: Emulator, write: Write, tmp_path: Path
) -> None:
    """Without the line break at its end; sync and async, on both surfaces."""
    assert callable(file)
    secret = tmp_path / "key"
    secret.write_text(f"{emulator.api_key}\n")
    clients = byoclient.load(write(file(emulator, f"api_key: {{file: '{secret}'}}")))

    async def models(text: str) -> int:
        """Write the key, and return how many clients may list the models then."""
        rewrite(secret, text)
        listed = 0
        with suppress(openai.AuthenticationError):
            listed += bool(clients.client().models.list().data)
        with suppress(openai.AuthenticationError):
            listed += bool((await clients.async_client().models.list()).data)
        return listed

    async def follow() -> list[int]:
        async with clients:
            return [await models(text) for text in (f"{emulator.api_key}\n", "another", f"{emulator.api_key}\r\n")]

    follows = file is v1_file or azure_openai.asks_for_keys()  # an old SDK: read when the client is built
    assert asyncio.run(follow()) == ([2, 0, 2] if follows else [2, 2, 2])


@pytest.mark.parametrize("source", ["{env: AZURE_OPENAI_API_KEY}", "{keyring: {service: azure, username: me}}"])
def test_an_api_key_from_a_variable_or_a_keyring(
    source: str, emulator: Emulator, write: Write, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is read once."""
    shelf.set_password("azure", "me", emulator.api_key)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", emulator.api_key)
    with byoclient.load(write(azure_file(emulator, f"api_key: {source}"))) as clients:
        ask(clients)


@pytest.mark.parametrize("file", [azure_file, v1_file])
def test_headers_and_query_parameters_from_each_source(
    file: object, emulator: Emulator, write: Write, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Text beside the others; a file is read when a client is built."""
    shelf.set_password("azure", "me", "from keyring")
    monkeypatch.setenv("AZURE_TEAM", "from variable")
    (tmp_path / "team").write_text("from file\n")
    sources = (
        f"{{a-text: plain, a-variable: {{env: AZURE_TEAM}}, a-file: {{file: '{tmp_path}/team'}}, "
        "a-keyring: {keyring: {service: azure, username: me}}}"
    )
    more = f"  default_headers: {sources}\n  default_query: {sources}\n"
    assert callable(file)
    with byoclient.load(write(file(emulator, f"api_key: {emulator.api_key}", more=more))) as clients:
        clients.prepare()
        rewrite(tmp_path / "team", "another")
        ask(clients)
    assert len(emulator.requests) == 2
    for request in emulator.requests:
        for sent in (request.headers, request.query):
            found = [sent[name] for name in ("a-text", "a-variable", "a-file", "a-keyring")]
            assert found == ["plain", "from variable", "from file", "from keyring"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("[x]", ": should be text, or say where it stands."),
        ("{fil: /x}", ".fil: unknown source of a secret. Did you mean 'file'?"),
        ("{env: AZURE_NONE}", ".env: the variable AZURE_NONE is not set. Set it."),
        ("{env: HOME}", ".env: the variable HOME may not be read from a file."),
        ("{file: /nowhere}", ": the file '/nowhere' cannot be read: No such file or directory."),
        ("{file: LINES}", ": the file 'LINES' holds a line break, a space at an end, or a character that no header"),
    ],
)
def test_mistakes_with_the_source_of_a_header_are_told_at_its_place(
    value: str, message: str, emulator: Emulator, write: Write, tmp_path: Path
) -> None:
    """When the file is loaded, or where it names another file when the client is built."""
    lines = str(tmp_path / "lines")
    Path(lines).write_text(f"{CANARY}\n{CANARY}\n")
    more = f"  default_headers: {{X-Team: {value.replace('LINES', lines)}}}\n"
    said = wrong(write(azure_file(emulator, "api_key: k-1", more=more)))
    assert said.startswith(f":8: options.default_headers.X-Team{message.replace('LINES', lines)}")
    assert CANARY not in said


@pytest.mark.parametrize("source", ["env", "file", "keyring"])
def test_a_client_secret_from_each_source(
    source: str, emulator: Emulator, write: Write, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the token endpoint."""
    shelf.set_password("azure", "me", emulator.client_secret)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", emulator.client_secret)
    (tmp_path / "secret").write_text(emulator.client_secret + "\n")
    sources = {
        "env": "{env: AZURE_CLIENT_SECRET}",
        "file": f"{{file: '{tmp_path}/secret'}}",
        "keyring": "{keyring: {service: azure, username: me}}",
    }
    with byoclient.load(write(azure_file(emulator, client_secret(emulator, secret=sources[source])))) as clients:
        ask(clients)
    assert emulator.token_requests == 1


def test_a_client_secret_that_was_rotated_is_read_again(emulator: Emulator, tmp_path: Path) -> None:
    """When the next token is needed; azure-identity alone would send the old one for ever."""
    secret = tmp_path / "secret"
    secret.write_text("old-secret")
    own = {"tenant_id": emulator.tenant_id, "client_id": emulator.client_id, "authority": emulator.tls_url}
    more = {"disable_instance_discovery": True, "http": {"ca_file": emulator.ca_file}}
    data = {"kind": "client_secret", "client_secret": {"file": str(secret)}, **own, **more}
    credential = ClientSecretConfig.model_validate(data).build()
    with pytest.raises(AzureError, match="AADSTS7000215"):
        credential.get_token_info(SCOPE)
    rewrite(secret, emulator.client_secret)
    assert credential.get_token_info(SCOPE).token


def test_a_static_token_from_a_file_is_looked_at_again(
    emulator: Emulator, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once where the service refuses it, and else in the background."""
    secret = tmp_path / "token"
    secret.write_text(emulator.issue_token(lifetime=-1))
    clients = byoclient.load(
        write(azure_file(emulator, f"credential: {{kind: static_token, token: {{file: '{secret}'}}}}"))
    )
    with pytest.raises(openai.AuthenticationError):
        clients.client().models.list()
    rewrite(secret, emulator.issue_token())
    clients.client().models.list()
    clients.close()
    credential = static.StaticTokenConfig.model_validate(
        {"kind": "static_token", "token": {"file": str(secret)}}
    ).build()
    info = credential.get_token_info("any")
    assert info.expires_on == static.NO_END
    assert info.refresh_on


def test_what_was_read_is_kept_while_a_file_cannot_be_read(tmp_path: Path) -> None:
    """Mounts are swapped, not written; half a file is no secret either."""
    path = tmp_path / "key"
    path.write_text("first\n")
    secret = FileSecret(str(path), lambda text: None if " " not in text else "holds a space")
    assert secret.get_secret_value() == "first"
    path.unlink()
    assert secret.get_secret_value() == "first"
    rewrite(path, "no key")
    assert secret.get_secret_value() == "first"
    rewrite(path, "second")
    assert secret.get_secret_value() == "second"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{file: ''}", ".file: takes the path of a file."),
        ("{env: 5}", ".env: takes the name of an environment variable."),
        ("{env: AZURE_NONE}", ".env: the variable AZURE_NONE is not set. Set it."),
        (
            "{env: AZURE_TWO_LINES}",
            ".env: the variable AZURE_TWO_LINES is empty, or holds spaces, line breaks or other characters that no key "
            "has.",
        ),
        (
            "{env: HOME}",
            ".env: the variable HOME may not be read from a file. Allowed: AZURE_*, OPENAI_*, BYOCLIENT_*. Pass "
            'trust=Trust(env=("HOME",)) to load(), or --trust-env HOME.',
        ),
        ("{keyring: x}", ".keyring: takes service and username, and nothing else."),
        ("{keyring: {service: x}}", ".keyring: takes service and username, and nothing else."),
        ("{keyring: {service: x, username: 5}}", ".keyring: takes text under service and username."),
        ("{fiel: /x}", ".fiel: unknown source of a secret. Did you mean 'file'?"),
        ("{env: A, file: /x}", ": holds env and file. Keep one of them."),
        (
            "{}",
            ": names no source. Write text, {env: NAME}, {file: /path} or {keyring: {service: NAME, username: NAME}}.",
        ),
        (
            "[x]",
            ": should be text, or say where it stands. Write text, {env: NAME}, {file: /path} or "
            "{keyring: {service: NAME, username: NAME}}. Found a list.",
        ),
        ("two words", ": is empty, or holds spaces, line breaks or other characters that no key has."),
    ],
)
@pytest.mark.parametrize("key", ["api_key", "client_secret", "token", "password"])
def test_mistakes_are_told_when_the_file_is_loaded(
    key: str, value: str, message: str, emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At their place, wherever a secret may stand."""
    monkeypatch.setenv("AZURE_TWO_LINES", f"{CANARY}\nb")
    ids = "tenant_id: t, client_id: c"
    lines = {
        "api_key": f"api_key: {value}",
        "client_secret": f"credential: {{kind: client_secret, {ids}, client_secret: {value}}}",
        "token": f"credential: {{kind: static_token, token: {value}}}",
        "password": f"credential: {{kind: client_certificate, {ids}, certificate_path: /c, password: {value}}}",
    }
    path = write(azure_file(emulator, lines[key]))
    place = ":7: options.api_key" if key == "api_key" else f":7: options.credential.{key}"
    with pytest.raises(byoclient.ConfigError) as caught:
        byoclient.load(path)
    assert str(caught.value) == f"{path}{place}{message}"
    assert isinstance(caught.value, byoclient.TrustError) == ("HOME" in value)


def test_a_program_may_trust_a_variable(emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for `${VAR}`."""
    monkeypatch.setenv("ACME_KEY", emulator.api_key)
    path = write(azure_file(emulator, "api_key: {env: ACME_KEY}"))
    with byoclient.load(path, trust=Trust(env=("ACME_*",))) as clients:
        clients.client().models.list()


def test_a_file_that_holds_no_secret_is_told_when_the_client_is_built(
    emulator: Emulator, write: Write, tmp_path: Path
) -> None:
    """A check may run where it is not mounted; what it holds is not shown."""
    secret = tmp_path / "key"
    path = write(azure_file(emulator, f"api_key: {{file: '{secret}'}}"))
    byoclient.load(path)
    where = f":7: options.api_key: the file '{secret}'"
    assert wrong(path) == f"{where} cannot be read: No such file or directory. Check the path, and who may read it."
    secret.write_text(f"{CANARY}\n{CANARY}\n")
    assert wrong(path) == f"{where} is empty, or holds spaces, line breaks or other characters that no key has."
    secret.write_bytes(b"\xff\xfe")
    assert wrong(path) == f"{where} is not UTF-8. Name one that holds only the secret."
    secret.write_text("x" * 70_000)
    assert wrong(path) == f"{where} is larger than 65536 bytes. Name one that holds only the secret."
    secret.unlink()
    os.mkfifo(secret)
    assert wrong(path) == f"{where} is no regular file. Name one that holds only the secret."


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no such file there")
def test_the_environment_is_no_file(emulator: Emulator, write: Write) -> None:
    """It would hold variables that a file may not read; the system makes it up, so that it has no size."""
    path = write(azure_file(emulator, "api_key: k", more="  default_query: {all: {file: /proc/self/environ}}\n"))
    assert wrong(path) == (
        ":8: options.default_query.all: the file '/proc/self/environ' is empty. Name one that holds only the secret."
    )


def test_a_keyring_that_gives_nothing_says_what_to_type(
    emulator: Emulator, write: Write, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No entry, a backend that fails, no library."""
    path = write(azure_file(emulator, "api_key: {keyring: {service: azure, username: me}}"))
    where = ":7: options.api_key: "
    assert wrong(path) == (f"{where}the keyring has no entry for that service and username. Type: keyring set azure me")
    shelf.set_password("azure", "me", "two words")
    assert wrong(path) == (
        f"{where}the keyring's entry 'me' of 'azure' is empty, or holds spaces, line breaks or other characters that "
        "no key has."
    )
    broken = write(azure_file(emulator, "api_key: {keyring: {service: broken, username: me}}"), "broken.yaml")
    assert wrong(broken) == f"{where}the keyring failed with KeyringError. Type: keyring diagnose"
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert wrong(path) == f"{where}the library keyring is not installed. Type: pip install 'byoclient[keyring]'"


def test_no_repr_shows_a_secret_and_what_was_read_is_known(tmp_path: Path, shelf: Shelf) -> None:
    """Known, so that it can be taken out of somebody else's message; nothing is read to find that out."""
    path = tmp_path / "secret"
    path.write_text(CANARY)
    shelf.set_password("azure", "me", CANARY)
    entry = {"keyring": {"service": "azure", "username": "me"}}
    for source in ({"file": str(path)}, entry):
        data = {"kind": "client_secret", "tenant_id": "t", "client_id": "c", "client_secret": source}
        config = ClientSecretConfig.model_validate(data)
        assert list(secret_values(config)) == []
        config.build()
        assert list(secret_values(config)) == [CANARY]
        assert CANARY not in f"{config!r}{config.client_secret!r}{config}"
        assert CANARY.encode() not in pickle.dumps(config.client_secret)
        assert token_source(config) is token_source(ClientSecretConfig.model_validate(data))
    assert FileSecret("/a", str.strip) != FileSecret("/b", str.strip)
    assert KeyringSecret("a", "b", str.strip) == KeyringSecret("a", "b", str.strip)
