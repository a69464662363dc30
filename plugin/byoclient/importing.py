"""Importing what was found, and checking that it is what the text said; the only place that imports by name."""

from __future__ import annotations

import importlib
import inspect
import sys
import typing
from contextlib import nullcontext, suppress
from types import FunctionType, ModuleType, SimpleNamespace

from pydantic import BaseModel

from byoclient.errors import ProviderError, shown, with_article
from byoclient.locating import file_of, locate, written_in
from byoclient.resolve import Found, owned
from byoclient.watching import watched


def import_function(found: Found, noun: str = "client provider") -> FunctionType:
    """Import the function that was found and check that it is what the text said.

    Args:
        found: where it is.
        noun: what it is, in messages.

    Raises:
        ProviderError: its import fails, or it is not a plain function defined in that module.
        ResolveError: its module comes from somewhere else than the distribution that advertises it.
    """
    _check_source(owned(found), noun)
    module = _import(found)
    if not issubclass(type(module), ModuleType):
        raise ProviderError(f"importing '{found.module}' gave no module, but {with_article(type(module).__name__)}.")
    if found.plugin is not None:
        # While it was imported, a package may have led somewhere else.
        owned(found, file_of(module) or "no file")
    return _checked(vars(module).get(found.attribute), module, found, noun)


def _check_source(found: Found, noun: str) -> None:
    """Refuse before the import what the source shows to be no function of that module."""
    if found.is_built_in or found.module in sys.modules:
        return
    spec = locate(found.module)
    written = written_in(spec, found.attribute) if spec else None
    if written == "":
        raise ProviderError(f"'{found.module}' has no '{found.attribute}'. {_ask_author(found)}")
    if written == "async def":
        raise ProviderError(_awaited(found, noun))
    if written not in (None, "def"):
        raise ProviderError(
            f"'{found.module}:{found.attribute}' is no function that is defined there. A {noun} is written with "
            "'def', in the module that is named."
        )


def _checked(function: object, module: ModuleType, found: Found, noun: str) -> FunctionType:
    if function is None:
        raise ProviderError(f"'{found.module}' has no '{found.attribute}'. {_ask_author(found)}")
    if type(function) is not FunctionType:
        raise ProviderError(
            f"'{found.module}:{found.attribute}' is no plain function, but {with_article(type(function).__name__)}. "
            f"A {noun} is written with 'def'."
        )
    # __module__, __name__ and __qualname__ can be set. The globals cannot, and the code keeps the name it was
    # written under: a wrapper, lambda, inner function or method has another one.
    if function.__globals__ is not vars(module):
        raise ProviderError(
            f"'{found.module}:{found.attribute}' is defined in another module, '{shown(str(function.__module__))}'. "
            "Name the module that defines it."
        )
    names = {function.__code__.co_qualname, function.__qualname__} - {found.attribute}
    if names:
        raise ProviderError(
            f"'{found.module}:{found.attribute}' is another function under that name, '{shown(min(names))}'. "
            f"A {noun} is a plain 'def' without a decorator."
        )
    if inspect.iscoroutinefunction(function):
        raise ProviderError(_awaited(found, noun))
    return function


def _awaited(found: Found, noun: str) -> str:
    return (
        f"'{found.module}:{found.attribute}' is an 'async def'. A {noun} is a plain 'def' that "
        f"returns the {noun.removesuffix(' provider')}; nobody awaits it."
    )


def _import(found: Found) -> ModuleType:
    swift = found.is_built_in or found.module in sys.modules
    try:
        with nullcontext() if swift else watched(f"importing '{found.module}'"):
            return importlib.import_module(found.module)
    except ModuleNotFoundError as error:
        missing = str(error.name or "a module")
        if found.module == missing or found.module.startswith(f"{missing}."):
            message = f"no module '{missing}'. {_ask_author(found)}"
        else:
            message = (
                f"importing '{found.module}' failed: it needs the module '{shown(missing)}', which is not installed."
            )
        raise ProviderError(message) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a module may raise what it likes, SystemExit too
        raise ProviderError(
            f"importing '{found.module}' failed with {_kind(error)}. "
            f"To see where, type: python -c 'import {found.module}'"
        ) from error


def _kind(error: BaseException) -> str:
    said = ""
    if isinstance(error, (ImportError, SyntaxError)):
        with suppress(Exception):  # somebody else's __str__
            said = f": {' '.join(str(error).split())}"
    return f"{type(error).__name__}{said}"


def _ask_author(found: Found) -> str:
    if found.plugin is None:
        return "Is it on sys.path, and spelled so?"
    return f"The distribution {found.plugin.distribution} {found.plugin.version} advertises it: reinstall it."


def options_model(function: FunctionType) -> type[BaseModel] | None:
    """Return the pydantic model that a provider's one parameter is annotated with, or None if it takes none.

    Raises:
        ProviderError: the parameters are something else.
    """
    return parameter_model(parameters_of(function), function)


def parameters_of(function: FunctionType) -> list[inspect.Parameter]:
    """Return a function's own parameters, whatever it says of itself in `__wrapped__` or `__signature__`.

    Raises:
        ProviderError: what it says is nonsense.
    """
    try:
        return list(inspect.signature(function, follow_wrapped=False).parameters.values())
    except (TypeError, ValueError):
        raise ProviderError(f"'{function.__code__.co_qualname}' has a '__signature__' that is none.") from None


def parameter_model(parameters: list[inspect.Parameter], function: FunctionType) -> type[BaseModel] | None:
    """Return the model of the one parameter that is there, or None where there is none."""
    if not parameters:
        return None
    plain = len(parameters) == 1 and parameters[0].kind in (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    model = _annotation(parameters[0], function) if plain else None
    if not isinstance(model, type) or not issubclass(model, BaseModel):
        raise ProviderError(
            f"'{function.__module__}:{function.__name__}' takes ({', '.join(map(str, parameters))}). "
            "It should take no parameter here, or one positional one that is annotated with a pydantic model."
        )
    return model


def _annotation(parameter: inspect.Parameter, function: FunctionType) -> object:
    # The return type's name may exist for type checkers only, so just this one annotation is evaluated.
    holder = SimpleNamespace(__annotations__={"options": parameter.annotation})
    try:
        return typing.get_type_hints(holder, globalns=function.__globals__)["options"]
    except Exception:  # a name that does not exist is reported by the caller as no model
        return None
