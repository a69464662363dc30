"""What is imported is what the text said: a plain function, defined in that module."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from byoclient import ProviderError
from byoclient.importing import import_function, options_model
from byoclient.resolve import Found

MODULE = """
import functools
from os.path import join
from pydantic import BaseModel

class Options(BaseModel):
    x: int = 1

def good(options: Options): ...
def plain(): ...
def untyped(options): ...
def two(options: Options, more: Options): ...
def keyword(*, options: Options): ...
def starred(*options: Options): ...
def double_starred(**options: Options): ...
async def coroutine(options: Options): ...
class Klass: ...
alias = good
anonymous = lambda: None
partial = functools.partial(good)
class Callable:
    def __call__(self): ...
instance = Callable()
bound = instance.__call__
module = functools

@functools.wraps(good)
def good_copy(options): ...
def outer():
    def inner(): ...
    return inner
inner = outer()
"""


@pytest.fixture
def acme_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "acme_objects.py").write_text(MODULE)
    (tmp_path / "acme_needs.py").write_text("import acme_is_not_there\ndef f(): ...\n")
    (tmp_path / "acme_exits.py").write_text("raise SystemExit(3)\ndef f(): ...\n")
    (tmp_path / "acme_raises.py").write_text("raise ValueError('canary-12')\ndef f(): ...\n")
    (tmp_path / "acme_wraps.py").write_text(
        "import acme_objects, functools\nlent = acme_objects.good\n"
        "@functools.wraps(acme_objects.good)\ndef good(options): ...\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("objects", "needs", "exits", "raises", "wraps"):
        monkeypatch.delitem(sys.modules, f"acme_{name}", raising=False)
    return "acme_objects"


def imported(module: str, attribute: str) -> object:
    return import_function(Found("x", module, attribute, None))


def test_a_provider_takes_no_parameter_or_one_model(acme_module: str) -> None:
    """A positional one."""
    assert options_model(import_function(Found("x", acme_module, "plain", None))) is None
    model = options_model(import_function(Found("x", acme_module, "good", None)))
    assert model is not None
    assert model.__name__ == "Options"
    for name in ("untyped", "two", "keyword", "starred", "double_starred"):
        with pytest.raises(ProviderError, match="It should take no parameter here, or one"):
            options_model(import_function(Found("x", acme_module, name, None)))


@pytest.mark.parametrize(
    "name",
    [
        "Klass",
        "alias",
        "anonymous",
        "partial",
        "instance",
        "bound",
        "module",
        "inner",
        "join",
        "missing",
        "BaseModel",
        "good_copy",
    ],
)
def test_what_is_no_plain_function_of_its_module_is_refused(name: str, acme_module: str) -> None:
    """Checked on the object, not on the text."""
    with pytest.raises(ProviderError):
        imported(acme_module, name)


def test_a_function_of_another_module_is_refused_though_it_says_otherwise(acme_module: str) -> None:
    """`__module__` can be copied; the globals of a function cannot."""
    with pytest.raises(ProviderError):
        imported("acme_wraps", "lent")
    imported(acme_module, "plain")
    acme_objects: Any = sys.modules[acme_module]

    acme_objects.foreign = lambda: None
    acme_objects.foreign.__name__ = acme_objects.foreign.__qualname__ = "foreign"
    acme_objects.foreign.__module__ = "acme_objects"
    with pytest.raises(ProviderError, match="is defined in another module"):
        imported(acme_module, "foreign")


def test_a_coroutine_function_is_refused_with_the_reason(acme_module: str) -> None:
    """Nobody awaits a provider."""
    with pytest.raises(ProviderError, match="is an 'async def'"):
        imported(acme_module, "coroutine")


def test_each_failing_import_has_its_own_message(acme_module: str) -> None:
    """The module itself, another one, an exception, an exit."""
    messages = {
        "acme_nowhere": r"^no module 'acme_nowhere'\. Is it on sys\.path",
        "acme_needs": r"^importing 'acme_needs' failed: it needs the module 'acme_is_not_there', which is not",
        "acme_raises": r"^importing 'acme_raises' failed with ValueError",
        "acme_exits": r"^importing 'acme_exits' failed with SystemExit",
    }
    for module, message in messages.items():
        with pytest.raises(ProviderError, match=message) as caught:
            imported(module, "f")
        assert "canary" not in str(caught.value)
