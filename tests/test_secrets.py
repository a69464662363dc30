"""No message, repr or traceback shows a secret, also where somebody else's code tries to tell it."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

import pytest

import byoclient
from byoclient import Trust
from tests.conftest import Write

CANARY = "canary-4b1d-9e77"

MODULE = """
from urllib.parse import quote, quote_plus
from pydantic import BaseModel, Secret, SecretStr, field_validator, model_validator
from pydantic_core import PydanticCustomError
import byoclient

class Options(BaseModel):
    key: SecretStr

class Raising(Options):
    @field_validator("key", mode="before")
    @classmethod
    def tell(cls, value): raise KeyError(value)

class Quoting(Options):
    @model_validator(mode="before")
    @classmethod
    def tell(cls, value): raise ValueError(f"not good: {value}")

class Custom(Options):
    @model_validator(mode="before")
    @classmethod
    def tell(cls, value):
        raise PydanticCustomError("acme", "not good: {value}", {"value": value["key"], "key": value["key"]})

class Comparing(BaseModel):
    key: str
    other: str = "else"
    @field_validator("other", mode="after")
    @classmethod
    def tell(cls, value, info): raise ValueError(f"{value} does not fit {info.data['key']}")
    model_config = {"validate_default": True}

class Generic(BaseModel):
    key: Secret[str]

class Escaping(Options):
    @field_validator("key", mode="before")
    @classmethod
    def tell(cls, value): raise ValueError(f"{value!r} {quote(value)} {quote_plus(value)} {quote(value, safe='')}")

class Undefined(BaseModel):
    key: "NoSuchType"

def validating(options: Raising): ...
def quoting(options: Quoting): ...
def custom(options: Custom): ...
def comparing(options: Comparing): ...
def escaping(options: Escaping): ...
def undefined(options: Undefined): ...
def raising(options: Options): raise RuntimeError(options.key.get_secret_value())
def generic(options: Generic): raise RuntimeError(options.key.get_secret_value())
def leaving(options: Options): raise SystemExit(options.key.get_secret_value())
def ours(options: Options): raise byoclient.ProviderError("bad " + options.key.get_secret_value())
def caused(options: Options):
    try:
        raise ValueError(options.key.get_secret_value())
    except ValueError as error:
        raise byoclient.ProviderError("bad") from error

class Mute(Exception):
    def __str__(self): raise RuntimeError
def mute(options: Options): raise Mute
"""
NAMES = [
    "validating",
    "quoting",
    "custom",
    "comparing",
    "undefined",
    "raising",
    "generic",
    "leaving",
    "ours",
    "caused",
    "mute",
]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "acme_leaks.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "acme_leaks", raising=False)
    return "acme_leaks"


@pytest.mark.parametrize("name", NAMES)
def test_whatever_a_provider_does_its_options_stay_secret(name: str, module: str, write: Write) -> None:
    """One error of ours, on one line, and a traceback without the secret, its context included."""
    path = write(f"model: x\nclient_provider: {module}:{name}\noptions: {{key: {CANARY}}}\n")
    clients = byoclient.load(path, trust=Trust(modules=(module,)))
    with pytest.raises(byoclient.ByoclientError) as caught:
        clients.prepare()
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    error = caught.value
    while error is not None:
        assert CANARY not in repr(error) + str(error)
        error = error.__context__  # type: ignore[assignment]
    assert str(caught.value).startswith((f"{path}:2: client_provider: ", f"{path}:3: options"))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("key", ["it's-canary\\\\", "canary/+=", "canary one two", "canary\\u00e9"])
def test_a_model_shows_a_value_in_no_form(key: str, module: str, write: Write) -> None:
    """Neither as in a repr, nor as in a URL."""
    path = write(f'model: x\nclient_provider: {module}:escaping\noptions: {{key: "{key}"}}\n')
    with pytest.raises(byoclient.ConfigError) as caught:
        byoclient.load(path, trust=Trust(modules=(module,))).prepare()
    assert caught.value.message.replace("'", "").replace('"', "") == "… … … …."


def test_no_repr_shows_the_options(write: Write) -> None:
    """Of what a debugger or a log would print."""
    clients = byoclient.load(write(f"model: x\nclient_provider: openai\noptions: {{api_key: {CANARY}}}\n"))
    side = clients.prepare()._plan.client
    assert side is not None
    shown = repr(clients) + repr(vars(clients)) + repr(clients._plan.config) + repr(side) + repr(side.ready())
    assert CANARY not in shown


def test_short_values_are_not_cut_out_of_messages(write: Write) -> None:
    """A key `k` would take every k from the text."""
    path = write("model: x\nclient_provider: openai\noptions: {api_key: k, http: {proxy: 'socks9://x'}}\n")
    with pytest.raises(byoclient.ConfigError, match=r"is no URL of an http proxy\. Write one such as http://"):
        byoclient.load(path)
