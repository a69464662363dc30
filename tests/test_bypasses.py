"""What got through elsewhere, and what could here: each is refused, imports nothing and widens no trust."""

from __future__ import annotations

import json
import os
import py_compile
import sys
import types
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

import byoclient
from byoclient import Trust
from byoclient.errors import PlacedError
from byoclient.plugins import ADAPTERS, ASYNC_CLIENT_PROVIDERS, CLIENT_ASSERTIONS, scan
from tests.conftest import Write
from tests.support.installed import install, point

# A program may be careless: even so these never become providers.
CARELESS = Trust(
    modules=("os", "builtins", "acme", "subprocess", "byoclient", "byoclient.clients", "myapp.llm", "test.support")
)

TEXTS = """
os:system|os.system|builtins:eval|builtins.eval|builtins:exec|subprocess:run|subprocess.Popen|functools:partial
|operator:methodcaller|logging.os:system|importlib:import_module|pickle:loads|posix:system|nt:system|sys.modules:x
|test.support:run_unittest|distutils.spawn:spawn|runpy:run_path|ctypes:CDLL|__main__:f|_posixsubprocess:fork_exec
|byoclient:load|byoclient.clients:load|byoclient.providers.azure_openai:client|byoclient.cli.commands:run|byoclient:Trust
|acme:_private|acme._private:f|_acme:f|acme:__globals__|acme:__class__|acme:f.__call__|acme:f.g|acme:f.__globals__
|acme:|:f|:|.|acme.|.acme|..acme|acme..f|acme:f.|acme:.f|acme::f|acme:f:g|acme:f()|acme:f[0]|acme:f [x]
|a/b|../x|/x.py|x.py/|./x|~/x.py|C:\\\\x.py|\\\\\\\\host\\\\x
|acme f|acme:f |\tacme:f|acme:f\\n|acme\\n:f|acme:f\\r|acme\\u0000:f|acme:f\\u0000
|http://evil.com/x.py|https://evil.com|file:///x.py|data:,x|git+https://evil.com/x
|acme@|@acme|a@b@c|a:b@c|acme:f@acme|os:system@acme|-|--help|acme:1f|1acme:f|%s|{0}|$(id)|`id`|;id|*|acme*:f|acme?:f
|\u0430zure_openai|\u0430cme:f|\uff41cme:f|acme\u2024llm:f|acme\u200b:f|acme\u200d:f|acme:\u0444|\u202eemca:f|acm\u0435.llm:f
|azure_openai\u200b|myapp.llm_evil:f|myapp.llm.sub:f|myapp:f|myapp_llm:f|myapp.llmx:f|Myapp.llm:f|myapp.LLM:f
|myapp.llm.f.g|emulator:client|openai:OpenAI|openai.OpenAI|langroid:config|pydantic:create_model|yaml:unsafe_load
""".replace("\n", "").split("|")
TEXTS += ["x" * 10_240, "a." * 5_000 + "f", "acme:" + "f" * 10_240]


@pytest.fixture(autouse=True)
def _warm(tmp_path: Path) -> None:
    """Import what byoclient itself needs for a refusal before anything is counted."""
    path = tmp_path / "warm.yaml"
    credential = "{kind: client_assertion, tenant_id: x, client_id: y, func: nobody}"
    path.write_text(
        "model: x\nclient_provider: azure_openai\nasync_client_provider: emulator\nadapters: {nobody: {}}\n"
        f"options: {{azure_endpoint: https://x.openai.azure.com, api_version: v1, credential: {credential}}}\n"
    )
    with pytest.raises(byoclient.ConfigErrors):
        byoclient.load(path)


def refused(path: str, trust: Trust, kind: type[Exception] = PlacedError, new: frozenset[str] = frozenset()) -> str:
    """Load and prepare a file; return why it is refused, once nothing has changed."""
    before, path_before, trusted = set(sys.modules), list(sys.path), repr(trust)
    with pytest.raises(kind) as caught:
        byoclient.load(path, trust=trust).prepare()
    assert set(sys.modules) - before <= new
    assert not hasattr(sys, "acme_called")
    assert (sys.path, repr(trust)) == (path_before, trusted)
    return str(caught.value)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text)[:40])
def test_no_text_leads_to_what_nobody_advertises(text: str, write: Write) -> None:
    """Whatever the file says, with modules of these names trusted or installed."""
    quoted = text if "\\" in text else json.dumps(text)[1:-1]
    key = "async_client_provider" if len(text) % 3 == 0 else "client_provider"  # one code decides for both
    refused(write(f'model: x\n{key}: "{quoted}"\n'), CARELESS, byoclient.ConfigError)


@pytest.mark.parametrize(
    "line",
    [
        "client_provider: [emulator]",
        "client_provider: {module: os, attribute: system}",
        "client_provider: 5",
        "client_provider: !!python/name:os.system",
        "client_provider: !!python/object/apply:os.system [id]",
        "client_provider: &a os:system",
        "client_provider: ${BYOCLIENT_REFERENCE}",
        "client_provider: ${BYOCLIENT_NONE:-os:system}",
        "client_provider: acme:f\ntrust: {modules: [acme]}",
        "client_provider: acme:f\ntrust_modules: [acme]",
        "client_provider: acme:f\noptions: {trust: {modules: [acme]}}",
        "client_provider: emulator\nadapters: {'os:system': {}}",
        "client_provider: emulator\nadapters: {'langroid@evil': {}}",
        "client_provider: emulator\nadapters: {emulator: {}}",
        "client_provider: emulator\nadapters: {'langroid@': {}}",
        "client_provider: emulator\nadapters: {' langroid': {}}",
        "client_provider: emulator\nadapters: {'\uff4cangroid': {}}",
        "client_provider: langroid",
        "include: evil.yaml",
        "<<: {client_provider: os:system}",
    ],
)
def test_nothing_else_in_a_file_leads_there(line: str, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other types, tags, variables, keys that sound like trust, adapters; nor does the environment widen trust."""
    monkeypatch.setenv("BYOCLIENT_REFERENCE", "os:system")
    for name in ("TRUST", "TRUST_MODULE", "TRUST_MODULES", "MODULES"):
        monkeypatch.setenv(f"BYOCLIENT_{name}", "acme")
    refused(write(f"model: x\n{line}\n"), Trust(), byoclient.ConfigError)


@pytest.mark.parametrize("text", ["os:system", "acme:f", "acme_trusted:_f", "builtins:eval", "byoclient.clients:load"])
def test_a_client_assertion_is_held_to_the_same_rules(text: str, write: Write) -> None:
    """Its function is named by reference too."""
    credential = f"{{kind: client_assertion, tenant_id: x, client_id: y, func: '{text}'}}"
    options = f"{{azure_endpoint: https://x.openai.azure.com, api_version: v1, credential: {credential}}}"
    refused(write(f"model: x\nclient_provider: azure_openai\noptions: {options}\n"), Trust(modules=("acme_trusted",)))


# Objects: what a module of an installed distribution holds under the name that is advertised.

BODIES: dict[str, str] = {
    "re-exported from the standard library": "from os import system as gateway",
    "re-exported from the same distribution": "from acme_helper import helper as gateway",
    "imported by star": "from acme_helper import *",
    "a module": "import os as gateway",
    "an alias": "def other(): CALLED()\ngateway = other",
    "a class": "class gateway: ...",
    "a callable instance": "class K:\n    def __call__(self): CALLED()\ngateway = K()",
    "a bound method": "class K:\n    def gateway(self): CALLED()\ngateway = K().gateway",
    "an unbound method": "class K:\n    def gateway(): CALLED()\ngateway = K.gateway",
    "a static method": "class K:\n    @staticmethod\n    def gateway(): CALLED()\ngateway = K.gateway",
    "a lambda": "gateway = lambda: CALLED()",
    "a lambda that takes the name": "gateway = lambda: CALLED()\ngateway.__name__ = gateway.__qualname__ = 'gateway'",
    "a partial": "import functools, os\ngateway = functools.partial(os.system, 'id')",
    "a built-in function": "gateway = eval",
    "text": "gateway = 'os:system'",
    "none": "gateway = None",
    "an inner function": "def outer():\n    def gateway(): CALLED()\n    return gateway\ngateway = outer()",
    "made by exec": "exec('def gateway(): CALLED()')",
    "put into the globals": "import os\nglobals()['gateway'] = os.system",
    "answered by __getattr__": "import os\ndef __getattr__(name): return os.system",
    "deleted": "def other(): CALLED()\ndel other",
    "a property of a class": "class K:\n    @property\n    def gateway(self): CALLED()\ngateway = K.gateway",
    "an async function": "async def gateway(): CALLED()",
    "a loop variable": "import os\nfor gateway in (os.system,): pass",
    "a with target": "import contextlib, os\nwith contextlib.nullcontext(os.system) as gateway: pass",
    "a walrus": "import os\n(gateway := os.system)",
    "a tuple": "import os\ngateway, other = os.system, 1",
    "in the middle of a tuple": "import os\nother, (gateway, third) = 1, (os.system, 2)",
    "annotated": "import os\ngateway: object = os.system",
    "commented": "# def gateway(): pass\nimport os\n'''\ndef gateway(): pass\n'''",
}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on `sys.path` that distributions are installed into; what was imported of them is forgotten after."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    for name in [name for name in sys.modules if name.startswith("acme")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr("builtins.CALLED", lambda: setattr(sys, "acme_called", True), raising=False)
    return folder


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    vars(sys).pop("acme_called", None)
    for name in [name for name in sys.modules if name.startswith("acme")]:
        del sys.modules[name]


HELPER = {"acme_helper.py": "def helper(): CALLED()\ndef gateway(): CALLED()\n"}


@pytest.mark.parametrize("name", BODIES)
def test_what_is_no_function_of_its_module_is_refused_unimported(name: str, site: Path, write: Write) -> None:
    """Its source is read, not run: not even the module of an installed distribution is imported."""
    install(site, "acme", point("gw", "acme_mod:gateway"), {"acme_mod.py": BODIES[name] + "\n", **HELPER})
    refused(write("model: x\nclient_provider: gw\n"), Trust(), byoclient.ProviderError)
    refused(write("model: x\nclient_provider: acme_mod:gateway\n"), Trust(), byoclient.ProviderError)


LATE: dict[str, str] = {
    "bound again": "import os\ndef gateway(): CALLED()\ngateway = os.system",
    "a function of a branch that is not taken": "import os\nif False:\n    def gateway(): ...\n"
    "else:\n    gateway = os.system",
    "a decorator's": "import os\ndef hide(f): return os.system\n@hide\ndef gateway(): CALLED()",
    "a wrapper": "import functools\ndef deco(f):\n    @functools.wraps(f)\n    def inner(): CALLED()\n"
    "    return inner\n@deco\ndef gateway(): ...",
    "a wrapper of another module": "import functools\n@functools.lru_cache\ndef gateway(): CALLED()",
    "a lying name": "import functools\ndef other(): CALLED()\n@functools.wraps(other)\ndef gateway(): CALLED()",
    "a lying module": "import acme_helper\ndef gateway(): ...\nacme_helper.gateway.__module__ = __name__\n"
    "gateway = acme_helper.gateway",
    "somebody else's code": "import types, acme_helper\ndef gateway(): ...\n"
    "gateway = types.FunctionType(acme_helper.helper.__code__, globals(), 'gateway')\n"
    "gateway.__qualname__ = 'gateway'",
    "another module's globals": "import types, acme_helper\ndef gateway(): ...\n"
    "gateway = types.FunctionType(gateway.__code__, vars(acme_helper), 'gateway')",
    "another module under its name": "import sys, acme_helper\ndef gateway(): ...\nsys.modules[__name__] = acme_helper",
    "no module under its name": "import sys\ndef gateway(): ...\n"
    "class Any:\n    def __getattr__(self, name): CALLED()\nsys.modules[__name__] = Any()",
    "deleted after": "def gateway(): ...\ndel gateway",
    "it raises": "def gateway(): ...\nraise RuntimeError",
    "it exits": "def gateway(): ...\nraise SystemExit(3)",
    "it raises what is no Exception": "class Odd(BaseException): ...\ndef gateway(): ...\nraise Odd",
    "it needs another module": "def gateway(): ...\nimport acme_is_not_there",
    "a generator that takes nonsense": "def gateway(*everything): yield CALLED()",
    "a signature that lies": "def gateway(*, x): CALLED()\ngateway.__signature__ = 'nonsense'",
    "it wraps itself": "def gateway(a, b): CALLED()\ngateway.__wrapped__ = gateway",
}
IMPORTED = frozenset({"acme_mod", "acme_helper"})


@pytest.mark.parametrize("name", LATE)
def test_what_shows_on_the_object_only_is_refused_uncalled(name: str, site: Path, write: Write) -> None:
    """The module that its own distribution advertises was imported by then, and nothing else."""
    install(site, "acme", point("gw", "acme_mod:gateway"), {"acme_mod.py": LATE[name] + "\n", **HELPER})
    refused(write("model: x\nclient_provider: gw\n"), Trust(), new=IMPORTED)


# Places: whose module would be imported.

GOOD = "def gateway(): CALLED()\n"
Arrange = Callable[[Path, Path, pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Place:
    """How a module comes from elsewhere than it should, and what may be imported by then."""

    arrange: Arrange
    says: str
    new: frozenset[str] = frozenset()
    reference: str = "gw"


def _shadowed(name: str) -> Arrange:
    def arrange(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        install(site, "acme", point("gw", "acme_mod:gateway"), {"acme_mod.py": GOOD})
        place = other / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(GOOD)
        monkeypatch.syspath_prepend(str(other))

    return arrange


def _in_working_directory(entry: str) -> Arrange:
    def arrange(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        install(site, "acme", point("gw", "acme_mod:gateway"), {"acme_mod.py": GOOD})
        (other / "acme_mod.py").write_text(GOOD)
        monkeypatch.chdir(other)
        monkeypatch.setattr(sys, "path", [entry, *sys.path])

    return arrange


def _only_in_working_directory(entry: str) -> Arrange:
    def arrange(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        install(other, "acme", point("gw", "acme_mod:gateway"), {"acme_mod.py": GOOD})
        monkeypatch.chdir(other)
        monkeypatch.setattr(sys, "path", [entry or str(other), *sys.path] if entry != "''" else ["", *sys.path])

    return arrange


def _only_beside_script(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(other, "acme", point("gw", "acme_mod:gateway"), {"acme_mod.py": GOOD})
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(other / "script.py"), raising=False)
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    monkeypatch.syspath_prepend(str(other))


def _beside_module_that_runs(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _only_beside_script(site, other, monkeypatch)
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(other / "app/cli.py"))
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", ModuleSpec("app.cli", None))


def _package_around(*files: str, link: bool = False) -> Arrange:
    """Put files, whose code must not run, before a package; with a link to the module that was installed."""

    def arrange(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        installed = {"acme_pkg/__init__.py": "", "acme_pkg/sub/__init__.py": "", "acme_pkg/sub/mod.py": GOOD}
        install(site, "acme", point("gw", "acme_pkg.sub.mod:gateway"), installed)
        for file in files:
            (other / file).parent.mkdir(parents=True, exist_ok=True)
            (other / file).write_text("CALLED()\n")
        if link:
            (other / "acme_pkg/sub").mkdir()
            (other / "acme_pkg/sub/mod.py").symlink_to(site / "acme_pkg/sub/mod.py")
        monkeypatch.syspath_prepend(str(other))

    return arrange


def _split_namespace(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site, "acme", point("gw", "acme_ns.evil:gateway"), {"acme_ns/good.py": GOOD})
    install(other, "evil", "", {"acme_ns/evil.py": GOOD})
    monkeypatch.syspath_prepend(str(other))


def _nested_namespace(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site, "acme", point("gw", "acme_ns.deep.mod:gateway"), {"acme_ns/deep/mod.py": GOOD})
    install(other, "evil", "", {"acme_ns/deep/mod.py": GOOD})
    monkeypatch.syspath_prepend(str(other))


def _of_another_distribution(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site, "acme", point("gw", "acme_mod:gateway"))
    install(site, "owner", "", {"acme_mod.py": GOOD})


def _not_in_record(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site, "acme", point("gw", "acme_dropped:gateway"), {"acme_mod.py": GOOD})
    (site / "acme_dropped.py").write_text(GOOD)


def _record_of_another_folder(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(other, "acme", point("gw", "acme_mod:gateway"), {"acme_mod.py": GOOD})
    (site / "acme_mod.py").write_text(GOOD)
    monkeypatch.setattr(sys, "path", [*sys.path, str(other)])


def _no_record(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site, "acme", point("gw", "acme_mod:gateway"), {"acme_mod.py": GOOD}, record=False)
    (other / "acme_mod.py").write_text(GOOD)
    monkeypatch.syspath_prepend(str(other))


def _below_editable(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site, "acme", point("gw", "acme_mod:gateway"), {"src/acme_mod.py": GOOD}, editable=other)
    foreign = other / ".venv/lib/python3/site-packages"
    foreign.mkdir(parents=True)
    (foreign / "acme_mod.py").write_text(GOOD)
    monkeypatch.syspath_prepend(str(foreign))


def _twin_of_editable(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site, "acme", point("gw", "acme_mod:gateway"), {"acme_mod.py": GOOD}, editable=other)
    twin = other.with_name(f"{other.name}-evil")
    twin.mkdir()
    (twin / "acme_mod.py").write_text(GOOD)
    monkeypatch.syspath_prepend(str(twin))


def _linked(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site, "acme", point("gw", "acme_mod:gateway"), {"acme_mod.py": GOOD})
    (other / "elsewhere.py").write_text(GOOD)
    (other / "acme_mod.py").symlink_to(other / "elsewhere.py")
    monkeypatch.syspath_prepend(str(other))


def _already_there(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site, "acme", point("gw", "acme_mod:gateway"), {"acme_mod.py": GOOD})
    fake = types.ModuleType("acme_mod")
    exec(GOOD, vars(fake))
    monkeypatch.setitem(sys.modules, "acme_mod", fake)


def _package_that_moves(text: str) -> Arrange:
    def arrange(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        files = {"acme_pkg/__init__.py": text.format(other=str(other)), "acme_pkg/mod.py": GOOD}
        install(site, "acme", point("gw", "acme_pkg.mod:gateway"), files)
        for name in ("mod.py", "acme_pkg/mod.py"):
            (other / name).parent.mkdir(exist_ok=True)
            (other / name).write_text(GOOD)

    return arrange


def _duplicate(first: str, second: str) -> Arrange:
    def arrange(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        install(site, "acme", point(first, "acme_mod:gateway"), {"acme_mod.py": GOOD})
        install(site, "twin", point(second, "acme_twin:gateway"), {"acme_twin.py": GOOD}, version="2.5")

    return arrange


def _two_versions(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site, "acme", point("gw", "acme_mod:gateway"), {"acme_mod.py": GOOD})
    install(site, "acme", point("gw", "acme_new:gateway"), {"acme_new.py": GOOD}, version="2.0")


def _squatter(name: str, value: str) -> Arrange:
    def arrange(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        install(other, "byoclient", point(name, value), {"acme_mod.py": GOOD}, version="9.9")
        monkeypatch.syspath_prepend(str(other))

    return arrange


def _advertised(value: str, group: str | None = None) -> Arrange:
    def arrange(site: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        points = point("gw", value, group) if group else point("gw", value)
        install(site, "acme", points, {"acme_mod.py": GOOD, "acme_pkg/__init__.py": "", "acme_pkg/m.py": GOOD})

    return arrange


SHADOW = "which that distribution did not install"
NOWHERE = "no client provider named 'gw'"
PLACES: dict[str, Place] = {
    "a module before it on sys.path": Place(_shadowed("acme_mod.py"), SHADOW),
    "a package before it on sys.path": Place(_shadowed("acme_mod/__init__.py"), SHADOW),
    "a module in the working directory": Place(_in_working_directory(""), SHADOW),
    "a module in the working directory, as a dot": Place(_in_working_directory("."), SHADOW),
    "a distribution in the working directory": Place(_only_in_working_directory(""), "the working directory"),
    "a distribution in '.'": Place(_only_in_working_directory("."), "the working directory"),
    "a distribution in ''": Place(_only_in_working_directory("''"), "the working directory"),
    "a distribution beside the script": Place(_only_beside_script, "the script's folder"),
    "by its path": Place(_only_beside_script, "advertised by no installed", reference="acme_mod:gateway"),
    "a distribution beside a module that runs": Place(_beside_module_that_runs, "the script's folder"),
    "a package around the module": Place(_package_around("acme_pkg/__init__.py"), SHADOW),
    "a package within that": Place(_package_around("acme_pkg/__init__.py", "acme_pkg/sub/__init__.py"), SHADOW),
    "a package with a link to the module": Place(_package_around("acme_pkg/__init__.py", link=True), SHADOW),
    "a module in place of the package": Place(_package_around("acme_pkg.py"), SHADOW),
    "a namespace that two share": Place(_split_namespace, SHADOW),
    "a namespace in a namespace": Place(_nested_namespace, SHADOW),
    "a module of another distribution": Place(_of_another_distribution, SHADOW),
    "a module that no installer noted": Place(_not_in_record, SHADOW),
    "a RECORD of another folder": Place(_record_of_another_folder, SHADOW),
    "no RECORD": Place(_no_record, SHADOW),
    "an environment in an editable project": Place(_below_editable, SHADOW),
    "a folder named like an editable project": Place(_twin_of_editable, SHADOW),
    "a link": Place(_linked, SHADOW),
    "a module that was put into sys.modules": Place(_already_there, "acme_mod"),
    "a package that changes its path": Place(
        _package_that_moves("__path__[:] = [{other!r}]\n"), SHADOW, frozenset({"acme_pkg", "acme_pkg.mod"})
    ),
    "a package that puts a module in": Place(
        _package_that_moves(
            "import sys, types\nm = types.ModuleType('acme_pkg.mod')\nm.gateway = lambda: None\n"
            "sys.modules['acme_pkg.mod'] = m\n"
        ),
        SHADOW,
        frozenset({"acme_pkg", "acme_pkg.mod"}),
    ),
    "one name twice": Place(_duplicate("gw", "gw"), "several distributions"),
    "one name in two spellings": Place(_duplicate("G_W", "g-w"), "several distributions", reference="g_w"),
    "two versions in one folder": Place(_two_versions, "is installed twice"),
    "a fake byoclient takes a built-in": Place(
        _squatter("gw", "byoclient.cli.commands:run"), "calls itself byoclient|no client provider named"
    ),
    "a fake byoclient with a module": Place(_squatter("gw", "acme_mod:gateway"), NOWHERE),
    "the standard library, advertised": Place(_advertised("os:system"), "no function that may be named"),
    "a method, advertised": Place(_advertised("acme_mod:K.gateway"), "no function that may be named"),
    "a private function, advertised": Place(_advertised("acme_mod:_gateway"), "no function that may be named"),
    "a module, advertised": Place(_advertised("acme_mod"), "no function that may be named"),
    "byoclient's own, advertised": Place(_advertised("byoclient.clients:load"), "no function that may be named"),
    "control characters, advertised": Place(_advertised("acme_mod:\x1b[31m"), "no function that may be named"),
    "an adapter as a provider": Place(_advertised("acme_mod:gateway", ADAPTERS), NOWHERE),
    "an assertion as a provider": Place(_advertised("acme_mod:gateway", CLIENT_ASSERTIONS), NOWHERE),
    "an async one as a sync one": Place(_advertised("acme_mod:gateway", ASYNC_CLIENT_PROVIDERS), NOWHERE),
    "another function of an advertised module": Place(
        _advertised("acme_mod:gateway"), "advertised by no", reference="acme_mod:other"
    ),
    "the package of an advertised module": Place(
        _advertised("acme_pkg.m:gateway"), "advertised by no", reference="acme_pkg:gateway"
    ),
    "another distribution's name": Place(_advertised("acme_mod:gateway"), "no client provider", reference="gw@evil"),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_module_from_elsewhere_is_refused(
    name: str, site: Path, tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before its import where the place shows then; a package that moves its modules is caught after."""
    place = PLACES[name]
    other = tmp_path / "other"
    other.mkdir()
    place.arrange(site, other, monkeypatch)
    said = refused(write(f"model: x\nclient_provider: {place.reference}\n"), Trust(), new=place.new)
    assert any(part in said for part in place.says.split("|")), said


def test_a_module_in_a_later_working_directory_is_refused(
    site: Path, tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty entry of `sys.path` means another folder when the directory was changed since the file was loaded."""
    install(site, "acme", point("gw", "acme_mod:gateway"), {"acme_mod.py": GOOD})
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    (second / "acme_mod.py").write_text("CALLED()\n" + GOOD)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    monkeypatch.chdir(first)
    clients = byoclient.load(write("model: x\nclient_provider: gw\n"))
    monkeypatch.chdir(second)
    with pytest.raises(byoclient.ResolveError, match=SHADOW):
        clients.client()
    assert not hasattr(sys, "acme_called")
    second.joinpath("acme_mod.py").unlink()
    second.rmdir()
    byoclient.load(tmp_path / "llm.yaml")  # a directory that is gone holds nothing
    monkeypatch.chdir(first)
    with pytest.raises(byoclient.ProviderError, match="'gw' returned NoneType"):
        clients.client()


def test_the_table_has_eighty_rows_and_more() -> None:
    """Each is a way that was tried on somebody's loader, or could be on this one."""
    assert len(TEXTS) + len(BODIES) + len(LATE) + len(PLACES) >= 200


# And what must go on working.


@pytest.mark.parametrize(
    "way", ["installed", "editable", "pth", "no record", "egg-info", "link", "namespace", "compiled"]
)
def test_each_way_to_install_is_good(way: str, site: Path, tmp_path: Path, write: Write) -> None:
    """The function is found, imported and called."""
    other = tmp_path / "other"
    module = "acme_ns.deep.mod" if way == "namespace" else "acme_mod"
    file = f"{module.replace('.', '/')}.py"
    if way == "egg-info":
        (site / "acme.egg-info").mkdir()
        (site / "acme.egg-info/entry_points.txt").write_text(point("gw", "acme_mod:gateway"))
        (site / "acme.egg-info/PKG-INFO").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
        (site / file).write_text(GOOD)
    else:
        info = install(site, "acme", point("gw", f"{module}:gateway"), {file: GOOD}, record=way != "no record")
    if way == "compiled":
        py_compile.compile(str(site / file), cfile=str(site / f"{file}c"), doraise=True)
        (site / file).unlink()
    if way in ("editable", "pth", "link"):
        other.mkdir()
        (site / file).rename(other / file)
        sys.path.append(str(other))
        (info / "RECORD").write_text("_acme.pth,,\n" if way == "pth" else f"{file},,\n" if way == "link" else "")
    if way == "editable":
        (info / "direct_url.json").write_text(json.dumps({"url": other.as_uri(), "dir_info": {"editable": True}}))
    elif way == "pth":
        (site / "_acme.pth").write_text(f"{other}\n\nimport os\n")
    elif way == "link":
        (site / file).symlink_to(other / file)
    try:
        with pytest.raises(byoclient.ProviderError, match="'gw' returned NoneType"):
            byoclient.load(write("model: x\nclient_provider: gw\n")).client()
        assert vars(sys).pop("acme_called")
    finally:
        if str(other) in sys.path:
            sys.path.remove(str(other))


def test_a_zipped_egg_is_good(site: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its metadata and its packages are in one file on `sys.path`."""
    with zipfile.ZipFile(site / "acme.egg", "w") as egg:
        egg.writestr("EGG-INFO/PKG-INFO", "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
        egg.writestr("EGG-INFO/entry_points.txt", point("gw", "acme_pkg.mod:gateway"))
        egg.writestr("acme_pkg/__init__.py", "")
        egg.writestr("acme_pkg/mod.py", GOOD)
    monkeypatch.syspath_prepend(str(site / "acme.egg"))
    with pytest.raises(byoclient.ProviderError, match="'gw' returned NoneType"):
        byoclient.load(write("model: x\nclient_provider: gw\n")).client()


def test_an_old_namespace_package_may_be_anothers(
    site: Path, tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its `__init__.py` came with another distribution, into another folder that is installed into."""
    other = tmp_path / "other"
    extend = "import pkgutil\n__path__ = pkgutil.extend_path(__path__, __name__)\n"
    install(other, "acme-core", "", {"acme_old/__init__.py": extend})
    install(
        site, "acme", point("gw", "acme_old.mod:gateway"), {"acme_old/__init__.py": extend, "acme_old/mod.py": GOOD}
    )
    monkeypatch.syspath_prepend(str(other))
    path = write("model: x\nclient_provider: gw\n")
    with pytest.raises(byoclient.ResolveError, match=SHADOW):
        byoclient.load(path)
    monkeypatch.setattr("site.getsitepackages", lambda: [str(other)])
    with pytest.raises(byoclient.ProviderError, match="'gw' returned NoneType"):
        byoclient.load(path).client()


def test_a_trusted_module_may_lie_in_the_working_directory(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the program's own, as are its folders."""
    (tmp_path / "acme_own.py").write_text(GOOD.replace("CALLED()", "return 5"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    clients = byoclient.load(
        write("model: x\nclient_provider: acme_own:gateway\n"), trust=Trust(modules=("acme_own:gateway",))
    )
    with pytest.raises(byoclient.ProviderError, match="returned int"):
        clients.client()


def test_the_working_directory_counts_where_a_pth_file_lists_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an old `setup.py develop`; so does a site-packages folder that somebody works in."""
    work, site = tmp_path / "work", tmp_path / "site"
    site.mkdir()
    install(work, "acme", point("gw", "acme_mod:gateway"), {"acme_mod.py": GOOD})
    monkeypatch.chdir(work)
    monkeypatch.setattr(sys, "path", [str(work), *sys.path])
    assert [plugin.name for plugin in scan().ignored] == ["gw"]
    monkeypatch.setattr("site.getsitepackages", lambda: [str(site)])
    (site / "easy-install.pth").write_text(f"# a comment\nimport os\n{work}\n")
    assert "gw" in scan().names("byoclient.client_providers")
    (site / "easy-install.pth").unlink()
    monkeypatch.setattr("site.getsitepackages", lambda: [os.fspath(work)])
    assert scan().ignored == ()
