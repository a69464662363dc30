"""Finding an adapter, checking its settings, and calling it.

An adapter is a function that takes the `Clients`, and where it has settings a second parameter that is
annotated with a pydantic model; it returns the framework's own object.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import FunctionType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from byoclient.config import Section, validate
from byoclient.config.secrets import secret_values, told
from byoclient.errors import (
    AdapterError,
    ByoclientError,
    ConfigError,
    ConfigErrors,
    ProviderError,
    place,
)
from byoclient.plugins import ADAPTERS, Catalogue, Plugin
from byoclient.references import NameReference
from byoclient.resolve import found_plugin, import_function, parameter_model, pick

if TYPE_CHECKING:
    from byoclient.clients import Clients


def find_adapter(name: str, catalogue: Catalogue) -> Plugin:
    """Return the one installed adapter of a name, or of `name@distribution`.

    Raises:
        ResolveError: there is none, or more than one.
    """
    plain, _, distribution = name.partition("@")
    return pick(NameReference(plain, distribution or None), ADAPTERS, catalogue)


def checked_settings(plugin: Plugin, section: Section) -> tuple[FunctionType, BaseModel | None]:
    """Import an adapter and validate its settings; the framework is not imported by byoclient's own ones.

    Raises:
        ConfigError: the settings are wrong.
        ProviderError: the adapter cannot be imported, or is no adapter.
    """
    function = import_function(found_plugin(plugin.name, plugin))
    parameters = list(inspect.signature(function).parameters.values())
    if not parameters:
        raise ProviderError(f"the adapter '{plugin.name}' takes no parameter. It should take the clients.")
    model = parameter_model(parameters[1:], function)
    if model is None:
        if section.data:
            raise section.error(f"the adapter '{plugin.name}' takes no settings. Take them away.")
        return function, None
    return function, validate(model, section, unknown=f"unknown setting of the adapter '{plugin.name}'")


def plug(
    name: str,
    clients: Clients,
    section: Section,
    catalogue: Catalogue,
    settings: Mapping[str, Any],
    secrets: Iterable[str] = (),
) -> Any:
    """Return what an adapter makes of the clients.

    Args:
        name: the adapter's name.
        clients: what it plugs in.
        section: its settings in the file.
        catalogue: what is installed.
        settings: the caller's, which win over those of the file.
        secrets: what no message may show.

    Raises:
        ResolveError: there is no such adapter.
        ConfigError: the file's settings are wrong.
        AdapterError: the caller's settings are wrong, or the framework is missing or refuses them.
    """
    plugin = find_adapter(name, catalogue)
    in_file = section.data if isinstance(section.data, Mapping) else {}
    merged = replace(section, data={**in_file, **settings})
    try:
        function, model = checked_settings(plugin, merged)
    except ConfigError as error:
        if not settings:
            raise
        raise AdapterError(f"plug('{name}', …): {_reasons(error)}") from None
    try:
        return function(clients) if model is None else function(clients, model)
    except AdapterError as error:
        where = place(section.file, section.line()) if in_file and not settings else ""
        raise AdapterError(f"{where}{error}") from error.__cause__
    except ByoclientError:
        raise
    except Exception as error:
        said, cause = told(error, (*secrets, *secret_values(model)))
    # Outside of the except: what the adapter raised may hold a secret, and would be the context of ours.
    raise AdapterError(f"the adapter '{name}' raised {said}") from cause


def _reasons(error: ConfigError) -> str:
    errors = error.errors if isinstance(error, ConfigErrors) else (error,)
    return " ".join(f"{(e.key or '').split('.')[-1]}: {e.message}" for e in errors)
