"""A new version of the file takes the place of the old one: with `reload()`, and by itself with `watch()`."""

from __future__ import annotations

import copy
import gc
import importlib
import logging
import os
import pickle
import signal
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

import byoclient
from byoclient.emulator import Emulator
from byoclient.reloading import Watch
from tests.support.ledger import Ledger
from tests.support.reloads import reload_under_load, version_of
from tests.yaml_files import MESSAGES, azure_file

Version = Callable[[str], None]
SECRET = "a-secret-in-a-bad-file-4711"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "llm.yaml"


@pytest.fixture
def version(emulator: Emulator, path: Path, monkeypatch: pytest.MonkeyPatch) -> Version:
    """Put a version in the place of the file, whose clients say which one it is; `bad` is a wrong one."""
    monkeypatch.setenv("AZURE_KEY", emulator.api_key)

    def put(name: str) -> None:
        key = "api_kee" if name == "bad" else "api_key"
        more = f"  default_headers: {{x-version: {name}}}\n"
        new = path.with_suffix(".new")
        new.write_text(azure_file(emulator, f"{key}: {SECRET if name == 'bad' else '${AZURE_KEY}'}", more=more))
        new.replace(path)

    put("one")
    return put


def test_reload_puts_new_clients_in_the_place_of_the_old(version: Version, path: Path) -> None:
    """Sync and async; copies get them too."""
    clients = byoclient.load(path)
    duplicate = copy.deepcopy(clients)
    old = clients.client(), clients.async_client()
    version("two")
    assert clients.reload() is clients
    assert [version_of(client) for client in old] == ["one", "one"]
    assert version_of(clients.client()) == version_of(duplicate.async_client()) == "two"
    assert duplicate.client() is clients.client()


def test_a_client_that_was_handed_out_works_until_it_is_let_go(version: Version, path: Path) -> None:
    """Also in the middle of a stream; then it is gone, and with it its hold on the connections."""
    clients = byoclient.load(path)
    client = clients.client()
    stream = client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
    pieces = [next(stream)]
    version("two")
    clients.reload()
    pieces += stream
    assert "ping" in "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
    client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    gone = weakref.ref(client)
    del client, stream, pieces
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("text", [None, "", "model: [", "model: m\n"])
def test_a_file_that_is_wrong_leaves_the_old_clients(text: str | None, version: Version, path: Path) -> None:
    """The error is raised; also where the file is gone."""
    clients = byoclient.load(path)
    client = clients.client()
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(byoclient.ConfigError, match=r"llm\.yaml"):
        clients.reload()
    assert clients.client() is client
    client.chat.completions.create(model="gpt-4o", messages=MESSAGES)


def test_a_provider_that_fails_leaves_the_old_clients(
    version: Version, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was built before is built anew before it counts."""
    (path.parent / "acme_reload.py").write_text("def get_client():\n    raise OSError('no')\n")
    monkeypatch.syspath_prepend(path.parent)
    monkeypatch.delitem(sys.modules, "acme_reload", raising=False)
    clients = byoclient.load(path, trust=byoclient.Trust(modules=("acme_reload",)))
    client = clients.client()
    path.write_text("model: m\nclient_provider: acme_reload:get_client\n")
    with pytest.raises(byoclient.ProviderError, match="raised OSError: no"):
        clients.reload()
    assert clients.client() is client


def test_a_file_is_found_again_from_another_directory(
    version: Version, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages still call it as the program did."""
    monkeypatch.chdir(path.parent)
    clients = byoclient.load("llm.yaml")
    monkeypatch.chdir("/")
    version("two")
    assert version_of(clients.reload().client()) == "two"
    path.unlink()
    with pytest.raises(byoclient.ConfigError, match=r"^llm\.yaml: no such file"):
        clients.reload()


def test_closed_clients_do_not_reload(version: Version, path: Path) -> None:
    """They say that they are closed."""
    clients = byoclient.load(path)
    clients.close()
    with pytest.raises(byoclient.ClosedError):
        clients.reload()


def test_unpickled_clients_reload_for_themselves(version: Version, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What arrives later is what was sent."""
    path.write_text("model: one\nclient_provider: emulator\n")
    data = pickle.dumps(byoclient.load(path))
    arrived = pickle.loads(data)
    path.write_text("model: two\nclient_provider: emulator\n")
    assert arrived.model == "one"
    assert arrived.reload().model == "two"
    assert pickle.loads(data).model == "one"
    assert pickle.loads(pickle.dumps(arrived)).model == "two"


def test_a_watched_file_reloads_by_itself(version: Version, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A version that is wrong is logged once, without what it holds, and the old one stays."""
    clients = byoclient.watch(path, interval=0)
    assert version_of(clients.client()) == "one"
    with caplog.at_level(logging.INFO, "byoclient.reload"):
        version("two")
        assert version_of(clients.client()) == version_of(clients.async_client()) == "two"
        version("bad")
        assert [version_of(clients.client()) for _ in range(3)] == ["two"] * 3
        version("three")
        assert version_of(clients.client()) == "three"
    levels = [(record.name, record.levelname) for record in caplog.records]
    assert levels == [("byoclient.reload", level) for level in ("INFO", "WARNING", "INFO")]
    assert caplog.messages[1].startswith(f"{path}: not reloaded, what was there before stays: {path}:")
    assert "Did you mean 'api_key'?" in caplog.messages[1]
    assert SECRET not in caplog.text


def test_a_file_that_did_not_change_keeps_its_clients(version: Version, path: Path) -> None:
    """Also where it was written anew with the same text."""
    clients = byoclient.watch(path, interval=0)
    client = clients.client()
    version("one")
    assert clients.client() is client


def test_a_change_that_leaves_size_and_time_is_seen(version: Version, path: Path) -> None:
    """File systems count in ticks; a file that is young is read again."""
    clients = byoclient.watch(path, interval=0)
    assert version_of(clients.client()) == "one"
    before = path.stat()
    path.write_text(path.read_text().replace("x-version: one", "x-version: two"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (before.st_size, before.st_mtime_ns, before.st_ino)
    assert version_of(clients.client()) == "two"


def test_the_links_of_a_mounted_config_map_are_followed(version: Version, path: Path) -> None:
    """llm.yaml is a link into ..data, a link to a folder, which is swapped."""
    mount = path.parent / "mount"
    for name in ("one", "two"):
        version(name)
        (mount / f"..{name}").mkdir(parents=True)
        path.replace(mount / f"..{name}" / "llm.yaml")
        os.utime(mount / f"..{name}" / "llm.yaml", (1, 1))  # long ago, and at the same time
    (mount / "..data").symlink_to("..one")
    (mount / "llm.yaml").symlink_to("..data/llm.yaml")
    clients = byoclient.watch(mount / "llm.yaml", interval=0)
    assert version_of(clients.client()) == "one"
    (mount / "..new").symlink_to("..two")
    (mount / "..new").replace(mount / "..data")
    assert version_of(clients.client()) == "two"


def test_the_file_is_looked_at_once_in_an_interval(path: Path) -> None:
    """However often a client is asked for; one that stays the same is not read."""
    path.write_text("model: m\n")
    os.utime(path, (1, 1))
    now, reads = [0.0], []

    def reload() -> bool:
        reads.append(now[0])
        return True

    watch = Watch(str(path), 10, clock=lambda: now[0])
    for second in range(50):
        now[0] = float(second)
        if second == 15:
            os.utime(path, (2, 2))
        watch.look(reload)
        watch.look(reload)
    assert reads == [20.0]


def test_what_a_file_lacks_may_come_later(emulator: Emulator, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that is mounted after the file is tried again without a change of the file."""
    monkeypatch.setenv("AZURE_KEY", emulator.api_key)
    path.write_text(azure_file(emulator, "api_key: ${AZURE_KEY}"))
    clients = byoclient.watch(path, interval=0)
    client = clients.client()
    path.write_text(azure_file(emulator, f"api_key: {{file: '{path}.key'}}"))
    os.utime(path, (1, 1))
    assert clients.client() is client
    Path(f"{path}.key").write_text(emulator.api_key)
    assert clients.client() is not client


SLOW = """\
import os, threading
from openai import OpenAI

parent, reached, go_on = os.getpid(), threading.Event(), threading.Event()

def get_client() -> OpenAI:
    if os.getpid() == parent and not reached.is_set():
        reached.set()
        go_on.wait(30)
    return OpenAI(api_key="x")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")  # Python 3.12, of any fork beside threads
@pytest.mark.parametrize("busy", ["building", "reloading"])
def test_a_fork_while_another_thread_is_at_work_leaves_usable_clients(
    busy: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child does not wait for a thread that it does not have, and reloads too."""
    name = f"acme_slow_{busy}"
    (path.parent / f"{name}.py").write_text(SLOW)
    monkeypatch.syspath_prepend(path.parent)
    path.write_text(f"model: one\nclient_provider: {name}:get_client\n")
    clients = byoclient.watch(path, trust=byoclient.Trust(modules=(name,)), interval=0)
    slow = importlib.import_module(name)
    expected = {"building": "one", "reloading": "two"}[busy]
    if busy == "reloading":
        slow.reached.set()
        clients.client()
        slow.reached.clear()
        path.write_text(f"model: two\nclient_provider: {name}:get_client\n")
    worker = threading.Thread(target=clients.client)
    worker.start()
    assert slow.reached.wait(30)
    child = os.fork()
    if not child:
        signal.alarm(30)
        os._exit(42 if clients.client() and clients.model == expected and clients.reload() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42
    slow.go_on.set()
    worker.join()


def test_no_request_fails_while_the_file_changes(version: Version, path: Path) -> None:
    """Fifty versions, ten of them wrong, under four threads; each good one answers, each wrong one is logged."""
    ledger = Ledger()
    answered, refusals = reload_under_load(path, version, 50, 4, ledger)
    assert not ledger.errors
    assert answered == {"one", *(f"v{index}" for index in range(50) if index % 5 != 4)}
    assert len(refusals) == 10
    assert SECRET not in "".join(refusals)
