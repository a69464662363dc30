"""Finding an adapter, checking its settings, and calling it.

An adapter is a function that takes the `Clients`, and where it has settings a second parameter that is
annotated with a pydantic model; it returns the framework's own object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import FunctionType
from typing import Any

from pydantic import BaseModel

from byoclient.config import Section, validate
from byoclient.config.secrets import forms_of, redact, secret_values, told
from byoclient.config.validation import each
from byoclient.errors import (
    AdapterError,
    ByoclientError,
    ConfigError,
    ProviderError,
    ResolveError,
    shown,
)
from byoclient.importing import import_function, parameter_model, parameters_of
from byoclient.plugins import ADAPTERS, Catalogue, Plugin
from byoclient.references import NameReference
from byoclient.resolve import found_plugin, pick

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(@[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?", re.ASCII)


def find_adapter(name: str, catalogue: Catalogue) -> Plugin:
    """Return the one installed adapter of a name, or of `name@distribution`.

    Raises:
        ResolveError: there is none, or more than one.
    """
    if not _NAME.fullmatch(name):
        raise ResolveError(f"'{shown(name)}' is no adapter's name. Write one such as 'langroid'.")
    plain, _, distribution = name.partition("@")
    return pick(NameReference(plain, distribution or None), ADAPTERS, catalogue)


def checked_settings(plugin: Plugin, section: Section) -> tuple[FunctionType, BaseModel | None]:
    """Import an adapter and validate its settings; the framework is not imported by byoclient's own ones.

    Raises:
        ConfigError: the settings are wrong.
        ProviderError: the adapter cannot be imported, or is no adapter.
    """
    function = import_function(found_plugin(plugin.name, plugin))
    parameters = parameters_of(function)
    if not parameters:
        raise ProviderError(f"the adapter '{plugin.name}' takes no parameter. It should take the clients.")
    model = parameter_model(parameters[1:], function)
    if model is None:
        if section.data:
            raise section.error(f"the adapter '{plugin.name}' takes no settings. Take them away.")
        return function, None
    section = replace(section, data={} if section.data is None else section.data)
    return function, validate(model, section, unknown=f"unknown setting of the adapter '{plugin.name}'")


def settings_of(plugin: Plugin, adapters: Section, catalogue: Catalogue) -> Section:
    """Return the settings of an adapter in a file, however its name is spelled there."""
    named = adapters.data if isinstance(adapters.data, Mapping) else {}
    for key in named:
        if find_adapter(key, catalogue) == plugin:
            return adapters.child(key)
    return adapters.child(plugin.name)


def plug(
    plugin: Plugin, clients: object, section: Section, settings: Mapping[str, Any], secrets: Iterable[str] = ()
) -> Any:
    """Return what an adapter makes of the clients.

    Args:
        plugin: the adapter.
        clients: what it plugs in.
        section: its settings in the file.
        settings: the caller's, which win over those of the file.
        secrets: what no message may show.

    Raises:
        ConfigError: the file's settings are wrong.
        ProviderError: the adapter cannot be imported, or a client provider fails.
        AdapterError: the caller's settings are wrong, or the framework is missing or refuses them.
    """
    in_file = section.data if isinstance(section.data, Mapping) else {}
    callers = frozenset((*section.path, name) for name in settings)
    section = replace(section, data={**in_file, **settings}, elsewhere=section.elsewhere | callers)
    function, model = _merged(plugin, section, settings)
    try:
        return function(clients) if model is None else function(clients, model)
    except AdapterError as error:
        message, cause = _told(error, (*secrets, *secret_values(model)))
        fault = section.error(message, kind=AdapterError) if in_file else AdapterError(message)
        if settings:
            fault = AdapterError(f"plug('{plugin.name}'): {message}")
    except (ByoclientError, KeyboardInterrupt):
        raise
    except BaseException as error:  # an adapter may raise what it likes, SystemExit too
        said, cause = told(error, (*secrets, *secret_values(model)))
        fault = AdapterError(f"the adapter '{plugin.name}' raised {said}")
    # Outside of the except: what the adapter raised may hold a secret, and would be the context of ours.
    raise fault from cause


def _told(error: AdapterError, secrets: Iterable[str]) -> tuple[str, BaseException | None]:
    """Return what an adapter's error of ours may tell: its text, and what it came from."""
    known = tuple(secrets)
    cause = told(error.__cause__, known)[1] if error.__cause__ else None
    return redact(error.message, forms_of(known)), cause


def _merged(plugin: Plugin, section: Section, settings: Mapping[str, Any]) -> tuple[FunctionType, BaseModel | None]:
    """Validate the settings of file and caller together, and say whose are wrong."""
    try:
        return checked_settings(plugin, section)
    except ConfigError as error:
        callers = [e for e in each([error]) if _name_in(section, e) in settings]
        if not callers:
            raise
    reasons = " ".join(f"{(e.key or '').removeprefix(f'{section.key()}.')}: {e.message}" for e in callers)
    raise AdapterError(f"plug('{plugin.name}'): {reasons}")


def _name_in(section: Section, error: ConfigError) -> str:
    return (error.key or "").removeprefix(f"{section.key()}.").partition(".")[0]
