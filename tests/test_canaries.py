"""A canary in every secret field, looked for on every surface: none shows it."""

from __future__ import annotations

import asyncio
import copy
import logging
import os
import pickle
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from pydantic import BaseModel

import byoclient
from byoclient import Trust
from byoclient.cli.commands import cli
from byoclient.config import StrictModel
from byoclient.emulator import Emulator
from byoclient.identity.credentials import KINDS, model_of
from byoclient.plugins import ADAPTERS
from tests.conftest import Write
from tests.support.installed import install, point
from tests.support.showing import all_of, shown_by
from tests.yaml_files import MESSAGES

CANARY = "canary7f3a9d/4c1e+5b"
TRUST = Trust(modules=("acme_canary",))

AZURE = """\
model: gpt-4o
client_provider: azure_openai
async_client_provider: azure_openai
options:
  azure_endpoint: {url}
  api_version: 2024-10-21
  max_retries: 0
"""
AT_ENTRA = (
    "tenant_id: {tenant}, client_id: {client}, authority: '{tls}', disable_instance_discovery: true, "
    "http: {{ca_file: '{ca}'}}"
)
SECRET_AT_ENTRA = f"{{{{kind: client_secret, client_secret: '{{canary}}', {AT_ENTRA}}}}}"
FIELDS = {
    "api_key": "  api_key: '{canary}'\n",
    "api_key from a variable": "  api_key: '${{AZURE_CANARY}}'\n",
    "api_key by env": "  api_key: {{env: AZURE_CANARY}}\n",
    "api_key from a file": "  api_key: {{file: '{file}'}}\n",
    "a default": "  api_key: '${{AZURE_NONE:-{canary}}}'\n",
    "default_headers": "  api_key: k\n  default_headers: {{X-Key: '{canary}'}}\n",
    "default_query": "  api_key: k\n  default_query: {{subscription-key: '{canary}'}}\n",
    "http.headers": "  api_key: k\n  http: {{headers: {{X-Key: '{canary}'}}}}\n",
    "proxy": "  api_key: k\n  http: {{proxy: 'http://user:{quoted}@127.0.0.1:9'}}\n",
    "client_secret": f"  credential: {{{{kind: client_secret, client_secret: '{{canary}}', {AT_ENTRA}}}}}\n",
    "token": "  credential: {{kind: static_token, token: '{canary}'}}\n",
    "certificate_data": f"  credential: {{{{kind: client_certificate, certificate_data: '{{canary}}', {AT_ENTRA}}}}}\n",
    "password": "  credential: {{kind: client_certificate, certificate_path: '{file}', password: '{canary}', "
    + AT_ENTRA
    + "}}\n",
    "user_assertion": "  credential: {{kind: on_behalf_of, user_assertion: '{canary}', client_secret: x, "
    + AT_ENTRA
    + "}}\n",
    "on behalf, client_secret": "  credential: {{kind: on_behalf_of, user_assertion: x, client_secret: '{canary}', "
    + AT_ENTRA
    + "}}\n",
    "system_access_token": "  credential: {{kind: azure_pipelines, tenant_id: {tenant}, client_id: {client}, "
    "service_connection_id: x, system_access_token: '{canary}'}}\n",
    "in a chain": f"  credential: {{{{kind: chain, credentials: [{SECRET_AT_ENTRA}]}}}}\n",
}
ENDPOINTS = {
    "endpoints, api_key": "  endpoints: [{{azure_endpoint: '{url}', api_key: '{canary}'}}]\n",
    "endpoints, api_key from a file": "  endpoints: [{{azure_endpoint: '{url}', api_key: {{file: '{file}'}}}}]\n",
    "endpoints, client_secret": f"  endpoints: [{{{{azure_endpoint: '{{url}}', credential: {SECRET_AT_ENTRA}}}}}]\n",
}
THIRD_PARTY = """\
model: x
client_provider: acme_canary:{function}
options: {{key: '{canary}', nested: [{{key: '{canary}'}}]}}
"""
MODULE = """
import openai
from pydantic import BaseModel, SecretStr
class Inner(BaseModel):
    key: SecretStr
class Options(Inner):
    nested: list[Inner]
def serving(options: Options):
    return openai.OpenAI(api_key=options.key.get_secret_value(), base_url="http://127.0.0.1:9", max_retries=0)
def raising(options: Options):
    plain = options.key.get_secret_value()
    raise ValueError("no")
def telling(options: Options):
    plain = options.key.get_secret_value()
    raise ValueError(plain)
def nested(options: Options):
    plain = {"key": options.key.get_secret_value()}
    try:
        raise KeyError(plain["key"])
    except KeyError as error:
        raise byoclient.ProviderError("no") from error
def validating(options: Options):
    Inner.model_validate({"kex": options.key.get_secret_value()})
"""


class Everything(logging.Handler):
    """Keeps what any logger says, at any level."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(f"{record.name} {record.getMessage()} {record.exc_text or ''}")


@pytest.fixture
def logs() -> Iterator[list[str]]:
    """What all loggers say at DEBUG."""
    root, handler = logging.getLogger(), Everything()
    names = ("openai", "httpx", "httpx2", "httpcore", "httpcore2", "azure", "msal", "urllib3", "byoclient", "asyncio")
    before = {name: logging.getLogger(name).level for name in ("", *names)}
    root.addHandler(handler)
    for name in before:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield handler.said
    root.removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def written(emulator: Emulator, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Return what writes the file of a field."""
    monkeypatch.setenv("AZURE_CANARY", CANARY)
    monkeypatch.setenv("SYSTEM_OIDCREQUESTURI", emulator.tls_url)
    (tmp_path / "secret").write_text(CANARY)
    (tmp_path / "acme_canary.py").write_text("import byoclient\n" + MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "acme_canary", raising=False)
    values = {
        "url": emulator.url,
        "tls": emulator.tls_url,
        "ca": emulator.ca_file,
        "tenant": emulator.tenant_id,
        "client": emulator.client_id,
        "file": tmp_path / "secret",
        "canary": CANARY,
        "quoted": quote(CANARY, ""),
    }

    def write_field(name: str) -> str:
        if name.startswith("third party: "):
            return write(THIRD_PARTY.format(function=name.removeprefix("third party: "), canary=CANARY))
        head = AZURE.replace("{url}", "{tls}") if name == "proxy" else AZURE
        if name in ENDPOINTS:
            head = AZURE.replace("  azure_endpoint: {url}\n", "")
        return write((head + {**FIELDS, **ENDPOINTS}[name]).format(**values))

    return write_field


def surfaces(path: str) -> Iterator[str]:
    """Yield what a program can print of a file that is loaded, used and found wrong."""
    clients = byoclient.load(path, trust=TRUST)
    yield from reprs(clients)
    for use in (clients.prepare, lambda: ask(clients), lambda: asyncio.run(ask_async(clients))):
        try:
            use()
        except Exception as error:
            yield from shown_by(error)
            if use == clients.prepare:
                yield all_of(error)
    yield from reprs(clients)
    clients.close()
    text = Path(path).read_text()
    for number, wrong in enumerate(
        ("unknwon: 1\n", "options: 5\n", "x: &a 1\n", "x: [1\n", "x: \x01", "llms: {}\n", "model: 5\n")
    ):
        broken = Path(path).with_name(f"broken{number}.yaml")
        broken.write_bytes((text + wrong).encode() + (b"\xff" if number == 0 else b""))
        broken.chmod(0o600)
        yield from failure(broken, text)
    public = Path(path).with_name("public.yaml")
    public.write_text(text)
    public.chmod(0o644)
    with suppress(byoclient.ByoclientError):
        byoclient.load(public, trust=TRUST).prepare()
    yield from failure(Path(path).with_name("absent.yaml"), text)


def failure(path: Path, text: str) -> Iterator[str]:
    """Yield what the error of loading a wrong file shows, the locals of all frames but this one included."""
    with pytest.raises(byoclient.ByoclientError) as caught:
        byoclient.load(path, trust=TRUST)
    error = caught.value
    assert error.__traceback__
    error.__traceback__ = error.__traceback__.tb_next  # this frame holds the text
    yield from shown_by(error)
    yield all_of(error)


def reprs(clients: byoclient.Clients) -> Iterator[str]:
    """Yield the reprs of what hangs on the clients, and their pickle and copy where there is one."""
    plan = clients._plan
    yield repr(clients) + str(clients) + repr(vars(clients)) + repr(plan) + repr(plan.section) + repr(plan.config)
    for side in plan.sides:
        with suppress(byoclient.ByoclientError):
            yield repr(side) + repr(side.ready()) + str(side.ready()[1])
    for dump in (pickle.dumps, copy.deepcopy):
        try:
            yield repr(dump(clients))
        except Exception as error:
            yield str(error)


def ask(clients: byoclient.Clients) -> None:
    clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES)


async def ask_async(clients: byoclient.Clients) -> None:
    async with clients:
        await clients.async_client().chat.completions.create(model="gpt-4o", messages=MESSAGES)


def commands(path: str) -> Iterator[str]:
    """Yield what the commands print of a file, and of one with a fault in it."""
    broken = Path(path).with_name("wrong.yaml")
    broken.write_text(Path(path).read_text() + "unknown: 1\n")
    broken.chmod(0o600)
    for file in (path, str(broken)):
        for command in (["check"], ["check", "--import"], ["token"], ["ask", "hello", "-c"]):
            result = CliRunner().invoke(cli, [*command, file, "--trust-module", "acme_canary"])
            yield result.output + repr(result.exception)
            yield str(result.exception)


THIRD_PARTIES = [f"third party: {name}" for name in ("serving", "raising", "telling", "nested", "validating")]


@pytest.mark.parametrize("name", [*FIELDS, *ENDPOINTS, *THIRD_PARTIES])
def test_no_surface_shows_a_secret(name: str, written: Callable[[str], str], logs: list[str]) -> None:
    """Reprs, errors, tracebacks with locals, pickles, logs at DEBUG and the command line."""
    path = written(name)
    seen = [*surfaces(path), *commands(path), *logs]
    forms = {CANARY, quote(CANARY, ""), quote(CANARY), CANARY[-9:], repr(CANARY)[1:-1]}
    hits = [text for text in seen if any(form in text for form in forms)]
    assert [hit[:2000] for hit in hits] == []
    assert len(logs) > 0


def models(above: type[BaseModel] = StrictModel) -> Iterator[type[BaseModel]]:
    """Yield all models of options and credentials."""
    for model in above.__subclasses__():
        if model.__module__.startswith("byoclient."):
            yield model
            yield from models(model)


def secret_fields() -> Iterator[tuple[str, str]]:
    """Yield model and name of each field that holds a secret, by its type."""
    for kind in KINDS:
        model_of(kind)
    for model in models():
        for name, field in model.model_fields.items():
            if re.search(r"\b(SecretStr|SecretSource)\b", repr(field.annotation) + repr(field.metadata)):
                yield model.__name__, name


def test_each_secret_field_has_a_canary() -> None:
    """A new one fails until a file with it stands above."""
    fields = dict.fromkeys(name for _, name in secret_fields())
    text = "".join([*FIELDS.values(), *ENDPOINTS.values()])
    assert [name for name in fields if not re.search(rf"\b{name}: ", text)] == []
    assert len(fields) >= 9


SOUNDS_SECRET = re.compile(r"key|token(?!s)|secret|passw|assertion|header|query|proxy|_data$")
PLACES = {"certificate_path", "key_file", "token_file_path"}  # of files, and not what they hold


def test_each_field_that_sounds_like_a_secret_is_one() -> None:
    """Its type keeps it out of reprs and errors."""
    kept = {name for _, name in secret_fields()}
    fields = {name: field for model in models() for name, field in model.model_fields.items()}
    sounding = {name for name in fields if SOUNDS_SECRET.search(name) and not name.startswith("exclude_")}
    assert sounding - kept - PLACES == set()
    assert set(fields) >= PLACES


@pytest.mark.skipif(os.name != "posix", reason="files have other rights there")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o601])
def test_a_literal_secret_in_a_file_that_others_may_read_is_refused(mode: int, written: Callable[[str], str]) -> None:
    """With its place, and what to type; one that stands elsewhere is not in the file."""
    elsewhere = {"api_key from a variable", "api_key by env", "api_key from a file"}
    for name in FIELDS:
        path = written(name)
        os.chmod(path, mode)
        if name in elsewhere:
            byoclient.load(path)
            continue
        with pytest.raises(byoclient.ConfigError, match="is a secret, and others may read") as caught:
            byoclient.load(path)
        assert f"Type: chmod 600 {path}. Or take it out of the file: ${{VAR}} or {{file: …}}." in str(caught.value)
        assert CANARY not in str(caught.value)
        assert (caught.value.line or 0) > 7


@pytest.mark.parametrize(
    "more",
    [
        "  default_headers: {X-Team: search, X-Cost-Centre: '4711'}\n",
        "  default_query: {region: weu}\n",
        "  http: {proxy: 'http://proxy.contoso.com:8080'}\n",
    ],
)
def test_what_is_no_secret_may_stand_in_a_public_file(
    more: str, emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Headers and parameters by names that sound harmless, and a proxy without a password."""
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "k-1234567")
    text = AZURE.format(url=emulator.url) + "  api_key: ${AZURE_OPENAI_API_KEY}\n"
    path = write(text + more)
    os.chmod(path, 0o644)
    byoclient.load(path)
    for name in ("X-Api-Key", "Ocp-Apim-Subscription-Key", "Cookie", "X-Auth"):
        path = write(text + f"  default_headers: {{{name}: x1234567}}\n")
        os.chmod(path, 0o644)
        with pytest.raises(byoclient.ConfigError, match=f"default_headers.{name}: is a secret"):
            byoclient.load(path)


CHANGING = """
from pydantic import BaseModel, SecretStr, field_validator
class Options(BaseModel):
    key: SecretStr
    @field_validator("key", mode="before")
    @classmethod
    def change(cls, key): return f"Bearer {key.strip()}!"
def gateway(options: Options): ...
"""


def test_a_secret_that_a_model_changes_stands_in_the_file_too(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the model makes of it is another text than the file has."""
    (tmp_path / "acme_changes.py").write_text(CHANGING)
    monkeypatch.syspath_prepend(str(tmp_path))
    path = write(f"model: x\nclient_provider: acme_changes:gateway\noptions: {{key: ' {CANARY} '}}\n")
    os.chmod(path, 0o644)
    with pytest.raises(byoclient.ConfigError, match=r":3: options\.key: is a secret, and others may read"):
        byoclient.load(path, trust=Trust(modules=("acme_changes",))).client()
    monkeypatch.delitem(sys.modules, "acme_changes")


ADAPTER = """
from pydantic import BaseModel, SecretStr
class Settings(BaseModel):
    key: SecretStr
def adapter(clients, settings: Settings): return settings.key.get_secret_value()
"""


def test_settings_of_the_program_are_not_in_the_file(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `plug()` is given may be secret though others may read the file; what the file gives may not."""
    install(tmp_path, "acme", point("acme", "acme_plug:adapter", ADAPTERS), {"acme_plug.py": ADAPTER})
    monkeypatch.syspath_prepend(str(tmp_path))
    path = write("model: x\nclient_provider: emulator\n")
    os.chmod(path, 0o644)
    assert byoclient.load(path).plug("acme", key=CANARY) == CANARY
    path = write(f"model: x\nclient_provider: emulator\nadapters: {{acme: {{key: '{CANARY}'}}}}\n")
    assert byoclient.load(path).plug("acme") == CANARY
    os.chmod(path, 0o644)
    with pytest.raises(byoclient.ConfigError, match=r"adapters\.acme\.key: is a secret"):
        byoclient.load(path).plug("acme")
    monkeypatch.delitem(sys.modules, "acme_plug")


TELLING = """
from byoclient import AdapterError
from pydantic import BaseModel, SecretStr
class Settings(BaseModel):
    key: SecretStr
def adapter(clients, settings: Settings):
    try:
        raise KeyError(settings.key.get_secret_value())
    except KeyError as error:
        raise AdapterError(f"bad {settings.key.get_secret_value()}.") from error
"""


def test_an_adapter_that_tells_a_secret_is_not_heard(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an error of ours, with a cause; whether the file or the program gave the setting."""
    install(tmp_path, "acme", point("acme", "acme_tells:adapter", ADAPTERS), {"acme_tells.py": TELLING})
    monkeypatch.syspath_prepend(str(tmp_path))
    path = write(f"model: x\nclient_provider: emulator\nadapters: {{acme: {{key: '{CANARY}'}}}}\n")
    for settings in ({}, {"key": CANARY}):
        with pytest.raises(byoclient.AdapterError, match=r": bad …\.$") as caught:
            byoclient.load(path).plug("acme", **settings)
        assert not [text for text in shown_by(caught.value) if CANARY in text]
        assert caught.value.__context__ is None
    monkeypatch.delitem(sys.modules, "acme_tells")


@pytest.mark.parametrize("text", ["two\\nlines", "trailing\\n", " space", "in side", "tab\\t", "é", "", "\\u200b"])
def test_a_key_that_no_header_takes_is_refused_at_load(text: str, written: Callable[[str], str], write: Write) -> None:
    """It would stand in the HTTP library's traceback."""
    for field in ("api_key", "client_secret", "token"):
        path = Path(written(field))
        path.write_text(path.read_text().replace(f"'{CANARY}'", f'"{text}"'))
        with pytest.raises(byoclient.ConfigError, match="is empty, or holds spaces, line breaks or other characters"):
            byoclient.load(path)
