"""A hundred hostile distributions at once: no process ends, nobody else is harmed, each fault has its name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from byoclient.plugins import CLIENT_PROVIDERS
from tests.conftest import Write
from tests.support.environment import Environment, fresh_environment
from tests.support.installed import both, install, point

DEF = "def gateway(): ...\n"
# What a module does when it is imported, and what the error says of it.
AT_IMPORT = {
    "raise RuntimeError('no')": "failed with RuntimeError",
    "raise SystemExit(3)": "failed with SystemExit",
    "import sys; sys.exit()": "failed with SystemExit",
    "class Odd(BaseException): ...\nraise Odd": "failed with Odd",
    "raise GeneratorExit": "failed with GeneratorExit",
    "def down(): down()\ndown()": "failed with RecursionError",
    "raise MemoryError": "failed with MemoryError",
    "import acme_is_not_there": "it needs the module 'acme_is_not_there'",
    "from os import acme_is_not_there": "failed with ImportError",
    "1 +": "failed with SyntaxError",
    "\0": "failed with ",
    "raise ModuleNotFoundError(name=5)": "it needs the module '5'",
    "class Mute(ImportError):\n    def __str__(self): raise KeyError\nraise Mute": "failed with Mute",
    "import sys\nsys.modules[__name__] = None": "gave no module",
    "import sys\ndel sys.modules[__name__]": "failed with KeyError",
}
# What a provider does when it is called.
WHEN_CALLED = {
    "raise SystemExit(3)": "raised SystemExit",
    "import sys; sys.exit('bye')": "raised SystemExit: bye",
    "raise BaseException": "raised BaseException",
    "return 5": "returned int",
    "return None": "returned NoneType",
    "import openai; return openai.OpenAI": "returned",
    "yield": "returned generator",
    "async def x(): ...\n    return x()": "returned coroutine",
    "class L:\n        @property\n        def __class__(self): raise ValueError\n    return L()": "returned L",
    "class C:\n        def __await__(self): ...\n        def close(self): raise KeyError\n    return C()": "returned C",
    "class M(Exception):\n        def __str__(self): raise KeyError\n    raise M": "raised M",
}
MODELS = {
    "raise SystemExit(4)": "raised SystemExit",
    "raise KeyError('x')": "raised KeyError",
    "class Odd(BaseException): ...\n        raise Odd": "raised Odd",
}
BROKEN = {
    "bad line": f"[{CLIENT_PROVIDERS}]\nno equals sign\n".encode(),
    "not UTF-8": b"[byoclient.client_providers]\nx = \xff\xfe\n",
    "UTF-16": point("x", "y:z").encode("utf-16"),
    "no section": b"x = byoclient.y:z\n",
    "NUL": b"[byoclient.client_providers]\n\0 = \0\n",
    "huge": b"[byoclient.client_providers]\n" + b"x" * 300_000,
}
PROGRAM = """
import json, sys, byoclient
said = {}
for file in json.loads(sys.argv[1]):
    try:
        byoclient.load(file).client()
        said[file] = "good"
    except byoclient.ByoclientError as error:
        said[file] = str(error)
print(json.dumps(said))
"""
GOOD = "import openai\ndef gateway(): return openai.OpenAI(api_key='k')\n"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with a hundred of them, and three good ones in between."""
    environment = fresh_environment(tmp_path_factory.mktemp("hostile"))
    site = environment.purelib
    for number, body in enumerate(AT_IMPORT):
        install(
            site,
            f"imports{number}",
            both(f"i{number}", f"acme_i{number}:gateway"),
            {f"acme_i{number}.py": f"{body}\n{DEF}"},
        )
    for number, body in enumerate(WHEN_CALLED):
        module = f"acme_c{number}"
        install(
            site,
            f"calls{number}",
            both(f"c{number}", f"{module}:gateway"),
            {f"{module}.py": f"def gateway():\n    {body}\n"},
        )
    for number, body in enumerate(MODELS):
        module = f"acme_m{number}"
        text = (
            "from pydantic import BaseModel, model_validator\nclass O(BaseModel):\n"
            "    @model_validator(mode='before')\n    @classmethod\n"
            f"    def v(cls, data):\n        {body}\ndef gateway(o: O): ...\n"
        )
        install(site, f"models{number}", both(f"m{number}", f"{module}:gateway"), {f"{module}.py": text})
    for number, content in enumerate(BROKEN.values()):
        install(site, f"broken{number}", content)
    install(site, "lost", both("lost", "lost:f"), metadata=False)
    install(site, "leftover", both("left", "left:f")).rename(site / "~eftover-1.0.dist-info")
    for number in range(20):
        install(site, f"same{number}", both("same", f"acme_s{number}:gateway"))
        install(site, f"squat{number}", both("azure_openai", f"acme_q{number}:gateway"))
        install(
            site,
            f"wrong{number}",
            both(f"w{number}", ("os:system", "byoclient.clients:load", "x", "a:b.c")[number % 4]),
        )
    install(site, "byoclient", both("openai", "evil:f"), version="9")
    (site / "empty-1.0.dist-info").mkdir()
    (site / "file-1.0.dist-info").touch()
    (site / "loop-1.0.dist-info").symlink_to("loop-1.0.dist-info")
    for name in ("agood", "mgood", "zgood"):
        install(site, name, both(name, f"acme_{name}:gateway"), {f"acme_{name}.py": GOOD})
    return environment


def told(environment: Environment, write: Write, names: list[str]) -> dict[str, str]:
    """Load one file for each name in one process, and return what came of it, by name."""
    files = {write(f"model: x\nclient_provider: {name}\n", f"{name}.yaml"): name for name in names}
    process = environment.run("-c", PROGRAM, json.dumps(list(files)))
    assert process.returncode == 0, process.stderr
    return {files[file]: said for file, said in json.loads(process.stdout).items()}


def test_no_hostile_distribution_ends_the_process_or_hides_another(hostile: Environment, write: Write) -> None:
    """Each has a named error, in one process that goes on; the good ones before, between and after them serve."""
    assert len(list(hostile.purelib.glob("*.dist-info"))) > 100
    expected = {f"i{number}": said for number, said in enumerate(AT_IMPORT.values())}
    expected |= {f"c{number}": said for number, said in enumerate(WHEN_CALLED.values())}
    expected |= {f"m{number}": said for number, said in enumerate(MODELS.values())}
    expected |= {
        "same": "several distributions",
        "w0": "no function that may be named",
        "w2": "no function",
        "lost": "no ",
    }
    expected |= dict.fromkeys(("agood", "mgood", "zgood"), "good")
    said = told(hostile, write, list(expected))
    assert {name: said[name] for name, part in expected.items() if part not in said[name]} == {}
    assert told(hostile, write, ["emulator"]) == {"emulator": "good"}


def test_list_shows_a_hundred_hostile_distributions(hostile: Environment) -> None:
    """With what is wrong of each, and without importing one."""
    process = hostile.byoclient("list")
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.count("has a built-in's name") == 20
    assert process.stdout.count("duplicate: name it same@") == 20
    unreadable = [row for row in process.stdout.splitlines() if row.startswith("Not readable")]
    assert len(unreadable) >= len(BROKEN)
    assert any("it calls itself byoclient" in row for row in unreadable)


def test_a_distribution_in_the_working_directory_is_listed_as_ignored(
    tmp_path_factory: pytest.TempPathFactory, write: Write
) -> None:
    """And named in the error, where its name was wanted."""
    environment = fresh_environment(tmp_path_factory.mktemp("working"))
    install(environment.folder, "acme", both("gw", "acme_mod:gateway"), {"acme_mod.py": GOOD})
    listed = environment.byoclient("list").stdout
    assert f"'gw' of acme 1.0 is ignored: it lies only in '{environment.folder}'" in listed
    checked = environment.byoclient("check", write("model: x\nclient_provider: gw\n"))
    assert f"'gw' of acme 1.0 is ignored: it lies only in '{environment.folder}'" in checked.stderr


HANGS = """
import threading
def gateway():
    threading.Event().wait()
"""


@pytest.mark.parametrize("when", ["import", "call"])
def test_a_provider_that_hangs_is_named_with_where_it_hangs(
    when: str, tmp_path_factory: pytest.TempPathFactory, write: Write
) -> None:
    """In a warning while it hangs, and in the note of the interrupt that ends it."""
    environment = fresh_environment(tmp_path_factory.mktemp("hanging"))
    text = HANGS + ("gateway()\n" if when == "import" else "")
    install(environment.purelib, "acme", both("gw", "acme_hangs:gateway"), {"acme_hangs.py": text})
    program = (
        "import logging, os, signal, sys, byoclient, byoclient.watching\n"
        "byoclient.watching.PATIENCE = 0.05\n"
        "class Interrupt(logging.Handler):\n"
        "    def emit(self, record):\n"
        "        print(record.getMessage(), flush=True)\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "logging.getLogger('byoclient').addHandler(Interrupt())\n"
        "byoclient.load(sys.argv[1]).client()\n"
    )
    process = environment.run("-c", program, write("model: x\nclient_provider: gw\n"))
    place = f"at {environment.purelib / 'acme_hangs.py'}:4 in gateway"
    doing = {"import": "importing 'acme_hangs'", "call": "calling 'gw'"}[when]
    assert process.stdout.startswith(f"{doing} takes longer than 0 s: at ")
    assert process.stderr.rstrip().splitlines()[-2] == "KeyboardInterrupt"
    assert f"Interrupted while {doing}" in process.stderr
    assert Path(place.split(":")[0].removeprefix("at ")).name in process.stderr


def test_a_check_that_hangs_ends_with_where_it_hangs(tmp_path_factory: pytest.TempPathFactory, write: Write) -> None:
    """`check --import` waits so long and no longer; the files before it were checked."""
    environment = fresh_environment(tmp_path_factory.mktemp("checking"))
    install(environment.purelib, "acme", both("gw", "acme_hangs:gateway"), {"acme_hangs.py": HANGS + "gateway()\n"})
    good, bad = write("model: x\nclient_provider: emulator\n", "good.yaml"), write("model: x\nclient_provider: gw\n")
    process = environment.byoclient("check", "--import", "--timeout", "1", good, bad)
    assert process.returncode == 1
    assert process.stdout.startswith(f"{good}: ok.")
    assert process.stderr.startswith(f"{bad}: its import has not ended after 1 s: at ")
