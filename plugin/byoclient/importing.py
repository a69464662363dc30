"""Importing what was found, and checking that it is what the text said; the only place that imports by name."""

from __future__ import annotations

import importlib
import inspect
import typing
from types import FunctionType, ModuleType, SimpleNamespace

from pydantic import BaseModel

from byoclient.errors import ProviderError, with_article
from byoclient.resolve import Found


def import_function(found: Found, noun: str = "client provider") -> FunctionType:
    """Import the function that was found and check that it is what the text said.

    Args:
        found: where it is.
        noun: what it is, in messages.

    Raises:
        ProviderError: its import fails, or it is not a plain function defined in that module.
    """
    module = _import(found)
    function = getattr(module, found.attribute, None)
    if function is None:
        raise ProviderError(f"'{found.module}' has no '{found.attribute}'. {_ask_author(found)}")
    if not isinstance(function, FunctionType) or function.__qualname__ != found.attribute:
        raise ProviderError(
            f"'{found.module}:{found.attribute}' is no plain function, but {with_article(type(function).__name__)}. "
            f"A {noun} is written with 'def'."
        )
    # __globals__ cannot be set, while __module__ can: it tells where a function was really defined.
    if function.__globals__ is not vars(module):
        raise ProviderError(
            f"'{found.module}:{found.attribute}' is defined in another module, '{function.__module__}'. "
            "Name the module that defines it."
        )
    if inspect.iscoroutinefunction(function):
        raise ProviderError(
            f"'{found.module}:{found.attribute}' is an 'async def'. A {noun} is a plain 'def' that "
            f"returns the {noun.removesuffix(' provider')}; nobody awaits it."
        )
    return function


def _import(found: Found) -> ModuleType:
    try:
        return importlib.import_module(found.module)
    except ModuleNotFoundError as error:
        missing = error.name or "a module"
        if found.module == missing or found.module.startswith(f"{missing}."):
            message = f"no module '{missing}'. {_ask_author(found)}"
        else:
            message = f"importing '{found.module}' failed: it needs the module '{missing}', which is not installed."
        raise ProviderError(message) from error
    except (Exception, SystemExit) as error:
        said = f": {error}" if isinstance(error, (ImportError, SyntaxError)) else ""
        raise ProviderError(
            f"importing '{found.module}' failed with {type(error).__name__}{said}. "
            f"To see where, type: python -c 'import {found.module}'"
        ) from error


def _ask_author(found: Found) -> str:
    if found.plugin is None:
        return "Is it on sys.path, and spelled so?"
    return f"The distribution {found.plugin.distribution} {found.plugin.version} advertises it: reinstall it."


def options_model(function: FunctionType) -> type[BaseModel] | None:
    """Return the pydantic model that a provider's one parameter is annotated with, or None if it takes none.

    Raises:
        ProviderError: the parameters are something else.
    """
    return parameter_model(list(inspect.signature(function).parameters.values()), function)


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
            f"'{function.__module__}:{function.__name__}' takes {inspect.signature(function)}. "
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
