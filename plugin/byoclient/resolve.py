"""A reference → the one function that it means; the only place that imports by name.

Two steps: `find` decides on the text alone and imports nothing; `import_function` imports what was found and
checks the object.
"""

from __future__ import annotations

import importlib
import inspect
import typing
from dataclasses import dataclass
from types import FunctionType, ModuleType, SimpleNamespace

from pydantic import BaseModel

from byoclient.errors import ProviderError, ResolveError, TrustError, suggestion
from byoclient.plugins import ADAPTERS, ASYNC_CLIENT_PROVIDERS, CLIENT_PROVIDERS, Catalogue, Plugin
from byoclient.references import NameReference, PathReference, parse_path, parse_reference
from byoclient.trust import Trust

NOUNS = {
    CLIENT_PROVIDERS: "client provider",
    ASYNC_CLIENT_PROVIDERS: "async client provider",
    ADAPTERS: "adapter",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a reference leads to; nothing of it is imported yet.

    Attributes:
        reference: as the file says it.
        module: the module to import.
        attribute: the function's name in it.
        plugin: who advertises it; None for a path that the program trusts.
    """

    reference: str
    module: str
    attribute: str
    plugin: Plugin | None

    @property
    def is_built_in(self) -> bool:
        """Whether it is byoclient's own, and so can be imported by a check."""
        return self.plugin is not None and self.plugin.is_built_in

    def __str__(self) -> str:
        if self.plugin is None:
            return f"{self.module}:{self.attribute}, trusted by this program"
        return f"{self.plugin.name} from {self.plugin.distribution} {self.plugin.version}"


def find(reference: str, group: str, catalogue: Catalogue, trust: Trust) -> Found:
    """Return what a reference leads to; imports nothing.

    Args:
        reference: an entry-point name, `name@distribution`, or a dotted path.
        group: the entry-point group, `CLIENT_PROVIDERS` or `ASYNC_CLIENT_PROVIDERS`.
        catalogue: what is installed.
        trust: what the calling program allows.

    Raises:
        ResolveError: it leads to no function, or to more than one.
        TrustError: nobody advertises it and the program does not trust it.
    """
    parsed = parse_reference(reference)
    if isinstance(parsed, PathReference):
        return _find_path(reference, parsed, group, catalogue, trust)
    return found_plugin(reference, pick(parsed, group, catalogue))


def found_plugin(reference: str, plugin: Plugin) -> Found:
    """Return the function that a plugin advertises.

    Raises:
        ResolveError: the entry point is no `module:function`.
    """
    if plugin.is_built_in:
        module, _, attribute = plugin.value.partition(":")
        return Found(reference, module, attribute, plugin)
    try:
        path = parse_path(plugin.value)
    except ResolveError:
        raise ResolveError(
            f"'{reference}' is advertised by {plugin.distribution} {plugin.version} as '{plugin.value}', which is no "
            "function that may be named. Tell its author."
        ) from None
    return Found(reference, path.module, path.attribute, plugin)


def pick(parsed: NameReference, group: str, catalogue: Catalogue) -> Plugin:
    """Return the one plugin that a name means.

    Raises:
        ResolveError: there is none, or more than one.
    """
    if parsed.distribution is None:
        matches = catalogue.named(group, parsed.name)
    else:
        matches = catalogue.named_in(group, parsed.name, parsed.distribution)
    if len(matches) == 1:
        return matches[0]
    if matches:
        listed = ", ".join(str(plugin) for plugin in matches)
        choice = f"{matches[0].name}@{matches[0].distribution}"
        raise ResolveError(
            f"several distributions have a {NOUNS[group]} named '{parsed.name}': {listed}. Say which: '{choice}'."
        )
    raise ResolveError(_unknown(parsed, group, catalogue))


def _unknown(parsed: NameReference, group: str, catalogue: Catalogue) -> str:
    names = catalogue.names(group)
    name = parsed.name + (f"@{parsed.distribution}" if parsed.distribution else "")
    close = suggestion(parsed.name, names)
    hint = close if close.startswith(" Did you mean") else ""
    other = _other_group(group)
    if other and catalogue.named(other, parsed.name):
        hint = f" There is {_article(NOUNS[other])} of that name."
    broken = f" Not readable: {', '.join(b.path for b in catalogue.broken)}." if catalogue.broken else ""
    return f"no {NOUNS[group]} named '{name}'.{hint} Installed: {', '.join(names)}.{broken}"


def _other_group(group: str) -> str | None:
    return {CLIENT_PROVIDERS: ASYNC_CLIENT_PROVIDERS, ASYNC_CLIENT_PROVIDERS: CLIENT_PROVIDERS}.get(group)


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _find_path(reference: str, path: PathReference, group: str, catalogue: Catalogue, trust: Trust) -> Found:
    advertised = catalogue.advertising(group, str(path))
    if advertised:
        return Found(reference, path.module, path.attribute, advertised[0])
    if trust.allows_module(path.module, path.attribute):
        return Found(reference, path.module, path.attribute, None)
    raise TrustError(
        f"'{path}' is advertised by no installed distribution as {_article(NOUNS[group])}, and this program does "
        f"not trust module '{path.module}'. Pass trust=Trust(modules=(\"{path.module}\",)) to load(), "
        f"or --trust-module {path.module}."
    )


def import_function(found: Found) -> FunctionType:
    """Import the function that was found and check that it is what the text said.

    Raises:
        ProviderError: its import fails, or it is not a plain function defined in that module.
    """
    module = _import(found)
    function = getattr(module, found.attribute, None)
    if function is None:
        raise ProviderError(f"'{found.module}' has no '{found.attribute}'. {_ask_author(found)}")
    if not isinstance(function, FunctionType) or function.__qualname__ != found.attribute:
        raise ProviderError(
            f"'{found.module}:{found.attribute}' is no plain function, but {_article(type(function).__name__)}. "
            "A client provider is written with 'def'."
        )
    # __globals__ cannot be set, while __module__ can: it tells where a function was really defined.
    if function.__globals__ is not vars(module):
        raise ProviderError(
            f"'{found.module}:{found.attribute}' is defined in another module, '{function.__module__}'. "
            "Name the module that defines it."
        )
    if inspect.iscoroutinefunction(function):
        raise ProviderError(
            f"'{found.module}:{found.attribute}' is an 'async def'. A client provider is a plain 'def' that "
            "returns the client; nobody awaits it."
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
    model = _annotation(parameters[0], function) if len(parameters) == 1 else None
    if not isinstance(model, type) or not issubclass(model, BaseModel):
        raise ProviderError(
            f"'{function.__module__}:{function.__name__}' takes ({', '.join(p.name for p in parameters)}). "
            "It should take no parameter here, or one that is annotated with a pydantic model."
        )
    return model


def _annotation(parameter: inspect.Parameter, function: FunctionType) -> object:
    # The return type's name may exist for type checkers only, so just this one annotation is evaluated.
    holder = SimpleNamespace(__annotations__={"options": parameter.annotation})
    try:
        return typing.get_type_hints(holder, globalns=function.__globals__)["options"]
    except Exception:  # a name that does not exist is reported by the caller as no model
        return None
