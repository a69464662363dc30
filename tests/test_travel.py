"""`Clients` travel: pickled, copied, and in the worker processes of multiprocessing."""

from __future__ import annotations

import asyncio
import copy
import gc
import multiprocessing
import os
import pickle
import socket
import sys
from pathlib import Path

import pytest

import byoclient
from byoclient.emulator import Emulator
from tests.conftest import Write
from tests.yaml_files import MESSAGES, azure_file, client_secret

KEY = "api_key: ${AZURE_KEY}"
CANARY = "canary-4711-secret"


def ask_as_this_process(clients: byoclient.Clients) -> tuple[str, str, int]:
    """Ask with this process's id over both clients; return the answers, and which sync client it was."""
    me = [{"role": "user", "content": f"process-{os.getpid()}-"}]
    answer = clients.client().chat.completions.create(model=clients.model, messages=me)  # type: ignore[arg-type]

    async def run() -> str:
        create = clients.async_client().chat.completions.create
        return str((await create(model=clients.model, messages=me)).choices[0].message.content)  # type: ignore[arg-type]

    return str(answer.choices[0].message.content), asyncio.run(run()), id(clients.client())


def process() -> int:
    """Return which process this is."""
    return os.getpid()


def travelled(clients: byoclient.Clients) -> byoclient.Clients:
    """Pickle and unpickle."""
    arrived = pickle.loads(pickle.dumps(clients))
    assert isinstance(arrived, byoclient.Clients)
    return arrived


def answers(clients: byoclient.Clients) -> bool:
    """Ask once."""
    answer = clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES)
    return "ping" in str(answer.choices[0].message.content)


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")  # Python 3.12, of any fork beside threads
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_of_multiprocessing_ask_with_clients_of_their_own(
    method: str, emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However they are started; all tasks of a worker share one client, and the token is got in the worker."""
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"there is no {method} here")
    monkeypatch.setenv("AZURE_SECRET", emulator.client_secret)
    clients = byoclient.load(write(azure_file(emulator, client_secret(emulator, secret="'${AZURE_SECRET}'"))))
    assert answers(clients)  # a client, a token and connections are there, and stay here
    with multiprocessing.get_context(method).Pool(1) as pool:
        worker = pool.apply(process)
        done = [pool.apply(ask_as_this_process, (clients,)) for _ in range(2)]
    assert worker != os.getpid()
    for sync_answer, async_answer, _ in done:
        assert f"process-{worker}-" in sync_answer
        assert f"process-{worker}-" in async_answer
    assert done[0][2] == done[1][2]


@pytest.mark.parametrize("source", ["'${AZURE_SECRET}'", "{env: AZURE_SECRET}", "{file: FILE}"])
def test_no_secret_is_in_the_pickle(
    source: str, emulator: Emulator, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also not after the clients were built, and a token was got with it; only the place travels."""
    monkeypatch.setenv("AZURE_SECRET", emulator.client_secret)
    monkeypatch.setenv("AZURE_CANARY", CANARY)
    (tmp_path / "secret").write_text(emulator.client_secret)
    source = source.replace("FILE", str(tmp_path / "secret"))
    more = "  default_headers: {x-team: '${AZURE_CANARY}'}\n"
    clients = byoclient.load(write(azure_file(emulator, client_secret(emulator, secret=source), more=more)))
    assert answers(clients)
    token = emulator.requests[-1].headers["authorization"].removeprefix("Bearer ")
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        data = pickle.dumps(clients, protocol)
        for secret in (emulator.client_secret, CANARY, token):
            assert len(secret) > 8
            assert secret.encode() not in data
    assert answers(pickle.loads(data))
    assert emulator.requests[-1].headers["x-team"] == CANARY


@pytest.mark.parametrize(
    ("sign_in", "more", "key"),
    [
        ("api_key: a-literal-key", "", "options.api_key"),
        ("api_key: 'k'", "", "options.api_key"),
        ("api_key: '${AZURE_KEY:-a-literal-default}'", "", "options.api_key"),
        ("api_key: 'a-literal-key${AZURE_NOTHING:-}'", "", "options.api_key"),
        (KEY, "  default_headers: {x-key: '${AZURE_KEY}', x-token: literal}\n", "options.default_headers.x-token"),
        (KEY, "  http: {proxy: 'http://me:secret@127.0.0.1:9'}\n", "options.http.proxy"),
    ],
)
def test_a_file_with_a_literal_secret_does_not_pickle(
    sign_in: str, more: str, key: str, emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says where it stands and what to write instead, and shows nothing of it."""
    monkeypatch.setenv("AZURE_KEY", "a-key-from-the-environment")
    path = write(azure_file(emulator, sign_in, more=more))
    with pytest.raises(byoclient.ConfigError) as caught:
        pickle.dumps(byoclient.load(path))
    line = 7 if key == "options.api_key" else 8
    assert str(caught.value) == (
        f"{path}:{line}: {key}: a secret stands in the file as text, so these Clients do not pickle. Write ${{VAR}}, "
        "{env: VAR} or {file: /path}, which each process reads for itself; ${VAR} without a default."
    )


def test_what_is_only_handled_like_a_secret_travels(
    emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Headers with harmless names, and a proxy without a user."""
    monkeypatch.setenv("AZURE_KEY", emulator.api_key)
    more = "  default_headers: {x-team: blue}\n  http: {proxy: 'http://127.0.0.1:9'}\n"
    clients = travelled(byoclient.load(write(azure_file(emulator, KEY, more=more))))
    assert clients.client().default_headers["x-team"] == "blue"


def test_the_emulators_demo_secrets_are_secrets_too(emulator: Emulator, write: Write) -> None:
    """A file that `byoclient emulate` prints is for one process."""
    with pytest.raises(byoclient.ConfigError, match=r"options\.credential\.client_secret: a secret stands in the file"):
        pickle.dumps(byoclient.load(write(azure_file(emulator, client_secret(emulator)))))


PROVIDER = """\
from openai import OpenAI
from pydantic import BaseModel, Field, SecretStr, model_validator

class Options(BaseModel):
    key: SecretStr = Field(alias="subscriptionKey")
    moved: SecretStr = SecretStr("")

    @model_validator(mode="before")
    def _move(cls, data):
        return {"moved": data.pop("old", "")[6:], **data}

def get_client(options: Options) -> OpenAI:
    return OpenAI(api_key=options.key.get_secret_value())
"""


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ("{subscriptionKey: short}", "options.subscriptionKey"),
        ("{subscriptionKey: '${AZURE_KEY}', old: 'Basic a-literal-secret'}", "options.old"),
        ("{subscriptionKey: '${AZURE_KEY}', old: '${AZURE_BASIC}'}", None),
    ],
)
def test_the_secrets_of_a_third_partys_model_are_found(
    options: str, key: str | None, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the key that the file uses, and where a validator moves what stands there."""
    monkeypatch.setenv("AZURE_KEY", "a-key-from-the-environment")
    monkeypatch.setenv("AZURE_BASIC", "Basic from-the-environment")
    (tmp_path / "acme_travel.py").write_text(PROVIDER)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "acme_travel", raising=False)
    path = write(f"model: m\nclient_provider: acme_travel:get_client\noptions: {options}\n")
    clients = byoclient.load(path, trust=byoclient.Trust(modules=("acme_travel",)))
    if key is None:
        assert travelled(clients).client().api_key == "a-key-from-the-environment"
        return
    with pytest.raises(byoclient.ConfigError) as caught:
        pickle.dumps(clients)
    assert caught.value.key == key


def test_only_the_llm_that_was_loaded_travels(write: Write) -> None:
    """The secrets of another one in the file neither travel nor hinder."""
    path = write(
        "llms:\n"
        "  chat: {model: gpt-4o, client_provider: emulator}\n"
        f"  other: {{model: x, client_provider: openai, options: {{api_key: {CANARY}}}}}\n"
    )
    clients = byoclient.load(path, llm="chat")
    assert CANARY.encode() not in pickle.dumps(clients)
    assert travelled(clients).model == "gpt-4o"


def test_what_the_program_trusts_travels(emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that it allows is read in the worker too."""
    monkeypatch.setenv("ACME_KEY", emulator.api_key)
    trust = byoclient.Trust(env=("ACME_KEY",))
    clients = byoclient.load(write(azure_file(emulator, "api_key: ${ACME_KEY}")), trust=trust)
    assert answers(travelled(clients))


def test_a_worker_without_the_variable_says_so_at_the_first_use(
    emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unpickling and repr raise nothing; once the variable is set the same object works."""
    monkeypatch.setenv("AZURE_KEY", emulator.api_key)
    path = write(azure_file(emulator, KEY))
    data = pickle.dumps(byoclient.load(path))
    monkeypatch.delenv("AZURE_KEY")
    clients = pickle.loads(data)
    assert repr(clients) == f"<Clients of {path!r}: unpickled, not used yet>"
    with pytest.raises(byoclient.ConfigError) as caught:
        clients.client()
    assert str(caught.value) == (
        f"{path}:7: options.api_key: the variable AZURE_KEY is not set. Set it, or give a default: ${{AZURE_KEY:-…}}. "
        f"These Clients were unpickled in process {os.getpid()} of '{socket.gethostname()}': what is installed and set "
        "there counts."
    )
    monkeypatch.setenv("AZURE_KEY", emulator.api_key)
    assert answers(clients)


def test_several_errors_in_a_worker_stay_several(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with the note."""
    for name in ("AZURE_MODEL", "AZURE_KEY"):
        monkeypatch.setenv(name, "x")
    path = write("model: ${AZURE_MODEL}\nclient_provider: openai\noptions: {api_key: '${AZURE_KEY}'}\n")
    data = pickle.dumps(byoclient.load(path))
    for name in ("AZURE_MODEL", "AZURE_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(byoclient.ConfigErrors) as caught:
        _ = pickle.loads(data).model
    assert [error.key for error in caught.value.errors] == ["model", "options.api_key"]
    assert all("unpickled in process" in str(error) for error in caught.value.errors)


def test_unpickled_twice_is_built_once(emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the first is gone; closing one leaves the other working."""
    monkeypatch.setenv("AZURE_KEY", emulator.api_key)
    data = pickle.dumps(byoclient.load(write(azure_file(emulator, KEY))))
    first = pickle.loads(data).client()
    gc.collect()
    one, other = pickle.loads(data), pickle.loads(data)
    assert one.client() is other.client() is first
    one.close()
    assert answers(other)
    other.close()
    assert first.is_closed()


def test_what_was_unpickled_pickles_again_unused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler that only passes it on needs neither the package nor the variable."""
    monkeypatch.setenv("AZURE_MODEL", "gpt-4o")
    data = pickle.dumps(byoclient.load(write("model: ${AZURE_MODEL}\nclient_provider: emulator\n")))
    monkeypatch.delenv("AZURE_MODEL")
    passed_on = pickle.dumps(pickle.loads(data))
    monkeypatch.setenv("AZURE_MODEL", "gpt-4.1")
    assert pickle.loads(passed_on).model == "gpt-4.1"


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_copy_shares_the_clients(duplicate: type[byoclient.Clients], emulator: Emulator, write: Write) -> None:
    """A literal key does not leave the process. The last that is closed closes them."""
    clients = byoclient.load(write(azure_file(emulator, f"api_key: {emulator.api_key}")))
    other = duplicate({"clients": clients})["clients"] if duplicate is copy.deepcopy else duplicate(clients)  # type: ignore[arg-type]
    assert other is not clients
    client = other.client()
    assert client is clients.client()
    clients.close()
    assert answers(other)
    with pytest.raises(byoclient.ClosedError):
        clients.client()
    other.close()
    assert client.is_closed()


def test_closed_clients_travel_open(emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was closed is one object; the configuration is good."""
    monkeypatch.setenv("AZURE_KEY", emulator.api_key)
    with byoclient.load(write(azure_file(emulator, KEY))) as clients:
        assert answers(clients)
    assert answers(travelled(clients))
    assert answers(copy.copy(clients))
