"""Client providers of third parties: real distributions, built and installed by pip into fresh environments."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import venv
from pathlib import Path
from typing import Any

import pytest

import byoclient
from byoclient.emulator import Emulator
from tests.conftest import Write
from tests.support.environment import PACKAGES, Environment, fresh_environment
from tests.yaml_files import azure_file, client_secret

Variables = dict[str, str]

CHECKOUT = Path(__file__).parents[1]
SECRET = "acme-subscription-key-4711"
UNADVERTISED = ("unadvertised", "unadvertised_too")
# Taken before any test cleans the environment: the real pip of the slow test needs its own settings and proxies.
ENVIRON = dict(os.environ)

GATEWAY = """\
model: gpt-4o
client_provider: {sync}
async_client_provider: {twin}
options:
  endpoint: {url}
  subscription_key: {key}
  region: weu
"""
AZURE = """\
model: gpt-4o
client_provider: {provider}
options:
  azure_endpoint: {url}
  api_version: 2024-10-21
  api_key: {key}
"""
PLAIN = "model: gpt-4o\nclient_provider: {sync}\nasync_client_provider: {twin}\n"
PLUGGING = """\
import sys, byoclient
good, wrong = map(byoclient.load, sys.argv[1:])
print(good.plug("acme").run("say hello"))
try:
    wrong.plug("acme")
except byoclient.ConfigError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages, copied so that building them leaves nothing in the checkout."""
    return shutil.copytree(PACKAGES, tmp_path_factory.mktemp("sources") / "packages")


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory, sources: Path) -> Environment:
    """An environment with Acme's package, a needy one, and one that leaves broken metadata behind."""
    environment = fresh_environment(tmp_path_factory.mktemp("acme"))
    environment.install(sources, "acme-llm", "acme-needy", "acme-broken")
    return environment


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory, sources: Path, acme: Environment) -> Environment:
    """The same, where other distributions want Acme's and byoclient's names too."""
    environment = fresh_environment(tmp_path_factory.mktemp("crowded"))
    environment.install(sources, "acme-twin", "acme-squatter")
    environment.show(acme.purelib)  # only now: hatchling cannot build beside the broken metadata
    return environment


@pytest.fixture
def variables(emulator: Emulator) -> Variables:
    """What Acme's providers without options read."""
    return {"ACME_ENDPOINT": emulator.url, "ACME_KEY": emulator.api_key}


def sent(emulator: Emulator, header: str) -> list[str | None]:
    """Return a header of each request, in order."""
    return [request.headers.get(header) for request in emulator.requests]


def answers(result: dict[str, Any]) -> bool:
    """Whether both clients got their answer."""
    return bool(
        result["step"] == "done" and "hello from sync" in result["sync"] and "hello from async" in result["async"]
    )


def line(process: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that a command that failed wrote."""
    assert (process.returncode, process.stdout) == (1, ""), process.stderr
    assert process.stderr.count("\n") == 1, process.stderr
    return process.stderr.rstrip("\n")


def gateway_file(write: Write, emulator: Emulator, sync: str, twin: str, name: str) -> str:
    """Write a file for Acme's gateway, which is the emulator."""
    return write(GATEWAY.format(sync=sync, twin=twin, url=emulator.url, key=emulator.api_key), f"{name}.yaml")


def test_every_way_to_name_an_advertised_function_serves(acme: Environment, emulator: Emulator, write: Write) -> None:
    """By name, `name@distribution`, `module:function` and `module.function`: each serves a chat, sync and async."""
    ways = [
        ("acme_gateway", "acme_gateway"),
        ("acme_gateway@acme-llm", "acme_gateway@Acme_LLM"),
        ("acme_llm:gateway", "acme_llm:async_gateway"),
        ("acme_llm.gateway", "acme_llm.async_gateway"),
    ]
    files = [gateway_file(write, emulator, *way, f"way{number}") for number, way in enumerate(ways)]
    report = acme.probe(*files)
    assert [answers(result) for result in report["results"]] == [True] * 4
    assert sent(emulator, "x-acme-region") == ["weu"] * 8
    assert sent(emulator, "api-key") == [emulator.api_key] * 8


def test_a_client_assertion_of_a_package_signs_in(acme: Environment, emulator: Emulator, write: Write) -> None:
    """By its name; a misspelt one is told when the file is loaded, and imports nothing."""
    credential = client_secret(emulator).replace("client_secret", "client_assertion", 1)
    credential = credential.replace(f"client_secret: {emulator.client_secret}", "func: acme_federation")
    good = write(azure_file(emulator, credential), "good.yaml")
    wrong = write(azure_file(emulator, credential.replace("acme_federation", "acme_fedration")), "wrong.yaml")
    report = acme.probe(good, wrong, ACME_ASSERTION=emulator.federated_token)
    assert answers(report["results"][0])
    assert report["after_load"] == []
    assert report["results"][1]["message"].startswith(
        f"{wrong}:7: options.credential.func: no client assertion named 'acme_fedration'. "
        "Did you mean 'acme_federation'? Installed: acme_federation."
    )


def test_program_without_options_model(
    acme: Environment, emulator: Emulator, write: Write, variables: Variables
) -> None:
    """A provider that takes no parameter serves; options that are given to it are refused at their line."""
    plain = PLAIN.format(sync="acme_plain", twin="acme_plain")
    files = write(plain, "plain.yaml"), write(plain + "options: {region: weu}\n", "options.yaml")
    served, refused = acme.probe(*files, **variables)["results"]
    assert answers(served)
    assert refused["message"] == f"{files[1]}:4: options: 'acme_plain' takes no options. Take them away."


def test_neighbour_with_broken_metadata_harms_nobody(
    acme: Environment, emulator: Emulator, write: Write, variables: Variables
) -> None:
    """Beside metadata that stops the standard library's own scan, and pydantic's, a program works."""
    report = acme.probe(write(PLAIN.format(sync="acme_plain", twin="acme_plain")), **variables)
    assert report["stdlib"] in ("TypeError", "UnicodeDecodeError")
    assert answers(report["results"][0])


def test_options_are_validated_when_the_code_may_run(acme: Environment, emulator: Emulator, write: Write) -> None:
    """`load()` imports no third-party code and so accepts its options; `prepare()` reports them at file, line, key."""
    wrong = gateway_file(write, emulator, "acme_gateway", "acme_gateway", "wrong")
    text = Path(wrong).read_text(encoding="utf-8").replace("endpoint:", "endpont:").replace("weu", "mars")
    wrong = write(text, "wrong.yaml")
    report = acme.probe(wrong)
    (result,) = report["results"]
    assert report["after_load"] == []
    assert report["at_end"] == ["acme_llm", "openai"]
    assert (result["step"], result["kind"]) == ("prepare", "ConfigErrors")
    assert result["message"].splitlines() == wrong_options(wrong)


def test_check_validates_options_with_import_only(acme: Environment, emulator: Emulator, write: Write) -> None:
    """`check` says that it left third-party options out; `check --import` reports each at file, line and key."""
    text = GATEWAY.format(sync="acme_gateway", twin="acme_gateway", url=emulator.url, key=SECRET)
    wrong = write(text.replace("endpoint:", "endpont:").replace("weu", "mars"), "wrong.yaml")
    plainly = acme.byoclient("check", wrong)
    assert (plainly.returncode, plainly.stderr) == (0, "")
    assert plainly.stdout == (
        f"{wrong}: ok. model gpt-4o; client_provider acme_gateway from acme-llm 1.2.0; "
        "async_client_provider acme_gateway from acme-llm 1.2.0 (options not checked: --import)\n"
    )
    importing = acme.byoclient("check", "--import", wrong)
    assert (importing.returncode, importing.stdout) == (1, "")
    assert importing.stderr.splitlines() == wrong_options(wrong)
    assert emulator.requests == ()


def wrong_options(file: str) -> list[str]:
    """What is wrong with a file whose endpoint is misspelt and whose region does not exist."""
    return [
        f"{file}:5: options.endpont: unknown option of 'acme_gateway'. Did you mean 'endpoint'?",
        f"{file}:7: options.region: should be 'weu' or 'eus'. Found text.",
    ]


def test_faults_that_a_check_finds(acme: Environment, emulator: Emulator, write: Write) -> None:
    """An `async def`, and a module that needs a missing module: one line each says so, from `check --import`."""
    awaited = gateway_file(write, emulator, "acme_awaited", "acme_gateway", "awaited")
    needy = write(PLAIN.format(sync="acme_needy", twin="acme_plain"), "needy.yaml")
    process = acme.byoclient("check", "--import", awaited, needy)
    assert (process.returncode, process.stdout) == (1, "")
    assert process.stderr.splitlines() == [
        f"{awaited}:2: client_provider: 'acme_llm.faulty:awaited' is an 'async def'. A client provider is a plain "
        "'def' that returns the client; nobody awaits it.",
        f"{needy}:2: client_provider: importing 'acme_needy' failed: it needs the module 'acme_missing_dependency', "
        "which is not installed.",
    ]


def test_faults_that_show_when_called(acme: Environment, emulator: Emulator, write: Write) -> None:
    """A provider that returns nothing, or the other kind of client: one line says what, and what was expected."""
    nothing = gateway_file(write, emulator, "acme_nothing", "acme_gateway", "nothing")
    swapped = gateway_file(write, emulator, "acme_gateway", "acme_swapped", "swapped")
    results = acme.probe(nothing, swapped)["results"]
    assert [result["kind"] for result in results] == ["ProviderError", "ProviderError"]
    assert [result["message"] for result in results] == [
        f"{nothing}:2: client_provider: 'acme_nothing' returned NoneType; a client provider returns OpenAI or a "
        "subclass of it.",
        f"{swapped}:3: async_client_provider: 'acme_swapped' returned AzureOpenAI; an async client provider returns "
        "AsyncOpenAI or a subclass of it. Name it as client_provider instead.",
    ]


def test_provider_that_raises(acme: Environment, write: Write) -> None:
    """What a provider raises is one line on the command line, in which its options' secrets are taken out."""
    file = write(GATEWAY.format(sync="acme_raising", twin="acme_gateway", url="https://unused", key=SECRET))
    expected = f"{file}:2: client_provider: 'acme_raising' raised PermissionError: the key … is not known in weu"
    assert line(acme.byoclient("ask", "Hello", "-c", file)) == expected


def test_no_secret_in_a_traceback(acme: Environment, write: Write) -> None:
    """Where a provider raises, or an option is missing, no part of the program's traceback shows another option."""
    text = GATEWAY.format(sync="acme_raising", twin="acme_gateway", url="https://unused", key=SECRET)
    raising = write(text, "raising.yaml")
    missing = write(text.replace("  region: weu\n", ""), "missing.yaml")
    results = acme.probe(raising, missing)["results"]
    assert [(result["step"], result["kind"]) for result in results] == [
        ("prepare", "ProviderError"),
        ("prepare", "ConfigError"),
    ]
    assert results[1]["message"] == f"{missing}:4: options.region: missing. It is required."
    # Only the secret's end: pydantic cuts the middle out of the values that it shows.
    assert [SECRET[-8:] in result["traceback"] for result in results] == [False, False]


def test_unadvertised_function_needs_trust(acme: Environment, write: Write, variables: Variables) -> None:
    """A function that no entry point names is refused unimported; `--trust-module` lets it serve."""
    file = write("model: gpt-4o\nclient_provider: acme_llm:unadvertised\n")
    assert line(acme.byoclient("ask", "Hello", "-c", file)) == (
        f"{file}:2: client_provider: 'acme_llm:unadvertised' is advertised by no installed distribution as a client "
        "provider, and this program does not trust module 'acme_llm'. "
        'Pass trust=Trust(modules=("acme_llm",)) to load(), or --trust-module acme_llm.'
    )
    trusting = acme.byoclient("ask", "Hello", "-c", file, "--trust-module", "acme_llm", **variables)
    assert (trusting.returncode, trusting.stderr) == (0, "")
    assert trusting.stdout.rstrip().endswith("Hello")


def test_trust_of_one_function_is_exact(acme: Environment, write: Write, variables: Variables) -> None:
    """`Trust(modules=("module:function",))` lets that function serve, and no other of its module."""
    files = [write(f"model: gpt-4o\nclient_provider: acme_llm:{name}\n", f"{name}.yaml") for name in UNADVERTISED]
    trusted, other = acme.probe(*files, trust="acme_llm:unadvertised", **variables)["results"]
    assert (trusted["step"], trusted["async"]) == ("done", None)
    assert (other["step"], other["kind"]) == ("load", "TrustError")


def test_one_line_moves_a_program(acme: Environment, emulator: Emulator, write: Write) -> None:
    """The same program with one edited line of YAML goes from byoclient's own provider to Acme's."""
    before, after = (
        AZURE.format(provider=provider, url=emulator.url, key=emulator.api_key)
        for provider in ("azure_openai", "acme_azure")
    )
    assert sum(old != new for old, new in zip(before.splitlines(), after.splitlines(), strict=True)) == 1
    report = acme.probe(write(before, "before.yaml"), write(after, "after.yaml"))
    assert all("hello from sync" in result["sync"] for result in report["results"])
    assert sent(emulator, "x-acme-cost-centre") == [None, "4711"]


def test_adapter_of_a_third_party(acme: Environment, write: Write, variables: Variables) -> None:
    """`plug()` finds a third party's adapter, validates its settings in the file, and the framework answers."""
    plain = PLAIN.format(sync="acme_plain", twin="acme_plain")
    good = write(plain + "adapters:\n  acme:\n    prefix: Kindly\n", "good.yaml")
    wrong = write(plain + "adapters:\n  acme:\n    prefixx: Kindly\n", "wrong.yaml")
    process = acme.run("-c", PLUGGING, good, wrong, **variables)
    assert (process.returncode, process.stderr) == (0, "")
    answer, error = process.stdout.splitlines()
    assert answer.endswith("Kindly say hello")
    assert error == f"{wrong}:6: adapters.acme.prefixx: unknown setting of the adapter 'acme'. Did you mean 'prefix'?"


def test_no_secret_in_what_a_failing_adapter_says(acme: Environment, write: Write) -> None:
    """Neither in its message nor in the traceback."""
    text = GATEWAY.format(sync="acme_gateway", twin="acme_gateway", url="https://unused", key=SECRET)
    process = acme.run("-c", f"import byoclient; byoclient.load({write(text)!r}).plug('acme_leaking')")
    assert process.stderr.splitlines()[-1] == (
        "byoclient.errors.AdapterError: the adapter 'acme_leaking' raised ValueError: the framework does not like …"
    )
    assert SECRET not in process.stderr


def test_check_import_checks_everything_that_the_file_names(acme: Environment, write: Write) -> None:
    """Both sides and the adapters, all at once."""
    text = PLAIN.format(sync="acme_nothing", twin="acme_swapped") + "adapters:\n  acme: {prefixx: Kindly}\n"
    file = write(text + "options: {region: weu}\n")
    process = acme.byoclient("check", "--import", file)
    assert [row.removeprefix(f"{file}:").partition(":")[0] for row in process.stderr.splitlines()] == ["6", "6", "5"]
    assert process.returncode == 1


def test_names_that_two_distributions_advertise(crowded: Environment, emulator: Emulator, write: Write) -> None:
    """A bare name that two distributions advertise is refused, both listed; `name@distribution` serves."""
    references = ("acme_gateway", "acme_gateway@acme-llm", "acme_gateway@acme-twin")
    files = [gateway_file(write, emulator, name, name, f"twin{number}") for number, name in enumerate(references)]
    report = crowded.probe(*files)
    refused, first, second = report["results"]
    assert report["after_load"] == []
    assert (refused["step"], refused["kind"]) == ("load", "ConfigErrors")
    both = "acme_gateway@acme-llm (1.2.0)", "acme_gateway@acme-twin (0.1.0)"
    assert all(name in message for message in refused["message"].splitlines() for name in both)
    assert (answers(first), answers(second)) == (True, True)
    assert sent(emulator, "x-acme-region") == ["weu", "weu", None, None]
    assert sent(emulator, "x-acme-twin") == [None, None, "weu", "weu"]


def test_name_of_a_built_in_cannot_be_taken(
    crowded: Environment, emulator: Emulator, write: Write, variables: Variables
) -> None:
    """A built-in's bare name always means the built-in; the squatter is reached as `name@distribution` only."""
    bare, explicit = (
        write(AZURE.format(provider=provider, url=emulator.url, key=emulator.api_key), f"{provider}.yaml")
        for provider in ("azure_openai", "azure_openai@acme-squatter")
    )
    report = crowded.probe(bare, explicit, **variables)
    assert [result["step"] for result in report["results"]] == ["done", "done"]
    assert sent(emulator, "x-acme-squatter") == [None, "yes"]


def test_list_names_everything(crowded: Environment) -> None:
    """`list` shows each name with distribution, version and sides, and marks duplicates, squatters and the broken."""
    process = crowded.byoclient("list")
    assert (process.returncode, process.stderr) == (0, "")
    rows = [" ".join(row.split()) for row in process.stdout.splitlines()]
    assert [row for row in rows if "acme" in row and not row.startswith("Not readable")] == [
        "acme_awaited acme-llm 1.2.0 sync",
        "acme_azure acme-llm 1.2.0 sync, async",
        "acme_gateway acme-llm 1.2.0 sync, async duplicate: name it acme_gateway@acme-llm",
        "acme_gateway acme-twin 0.1.0 sync, async duplicate: name it acme_gateway@acme-twin",
        "acme_needy acme-needy 0.1.0 sync, async",
        "acme_nothing acme-llm 1.2.0 sync",
        "acme_plain acme-llm 1.2.0 sync, async",
        "acme_raising acme-llm 1.2.0 sync",
        "acme_swapped acme-llm 1.2.0 async",
        "azure_openai acme-squatter 0.1.0 sync, async has a built-in's name: name it azure_openai@acme-squatter",
        "acme_federation acme-llm 1.2.0",
        "acme acme-llm 1.2.0",
        "acme_leaking acme-llm 1.2.0",
    ]
    broken = sorted(row for row in rows if row.startswith("Not readable"))
    assert len(broken) == 2
    assert "acme_latin-1.0.dist-info: its entry_points.txt is not UTF-8." in broken[0]
    assert "acme_leftover-1.0.dist-info: its entry_points.txt has a line without '='." in broken[1]


def test_unknown_name_beside_unreadable_metadata(acme: Environment, write: Write) -> None:
    """A name that is not found suggests the close one, and says what could not be read, without a traceback."""
    file = write("model: gpt-4o\nclient_provider: acme_gatway\n")
    said = line(acme.byoclient("check", file))
    assert said.startswith(f"{file}:2: client_provider: no client provider named 'acme_gatway'. ")
    assert "Did you mean 'acme_gateway'?" in said
    assert "acme_leftover-1.0.dist-info" in said
    assert "acme_latin-1.0.dist-info" in said


@pytest.mark.slow
def test_pip_installs_everything(tmp_path: Path, sources: Path, emulator: Emulator, write: Write) -> None:
    """In an empty environment pip installs byoclient from the checkout and Acme's package; one edited line answers."""
    venv.create(tmp_path / "fresh", with_pip=True)
    environment = Environment(tmp_path / "fresh")
    for package in (f"{CHECKOUT}[cli,emulator]", str(sources / "acme-llm")):
        command = [environment.python, "-m", "pip", "install", "--quiet", package]
        process = subprocess.run(command, env=ENVIRON, capture_output=True, text=True, timeout=900)
        assert process.returncode == 0, process.stderr
    where = environment.run("-c", "import byoclient, openai; print(byoclient.__file__, openai.__file__, sep='\\n')")
    assert [Path(file).is_relative_to(environment.purelib) for file in where.stdout.split("\n")[:2]] == [True, True]
    for provider in ("azure_openai", "acme_azure"):
        file = write(AZURE.format(provider=provider, url=emulator.url, key=emulator.api_key))
        process = environment.byoclient("ask", "Hello", "-c", file)
        assert (process.returncode, process.stderr) == (0, "")
        assert process.stdout.rstrip().endswith("Hello")
    assert sent(emulator, "x-acme-cost-centre") == [None, "4711"]


def test_clients_say_in_a_worker_that_a_package_is_missing(
    acme: Environment, emulator: Emulator, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were pickled where it is installed, which it is not here; the key did not travel."""
    path = write(GATEWAY.format(sync="acme_gateway", twin="acme_gateway", url=emulator.url, key="${AZURE_KEY}"))
    data = tmp_path / "clients.pickle"
    code = "import sys, pickle, byoclient\nopen(sys.argv[2], 'wb').write(pickle.dumps(byoclient.load(sys.argv[1])))"
    done = acme.run("-W", "ignore::ResourceWarning", "-c", code, path, str(data), AZURE_KEY=SECRET)
    assert (done.returncode, done.stderr) == (0, "")
    assert SECRET.encode() not in data.read_bytes()
    monkeypatch.setenv("AZURE_KEY", SECRET)
    clients = pickle.loads(data.read_bytes())
    with pytest.raises(byoclient.ConfigErrors) as caught:
        clients.client()
    assert str(caught.value.errors[0]).startswith(
        f"{path}:2: client_provider: no client provider named 'acme_gateway'. Installed: azure_openai, emulator, "
        f"openai. These Clients were unpickled in process {os.getpid()} of "
    )
    assert all(isinstance(error, byoclient.ResolveError) for error in caught.value.errors)
