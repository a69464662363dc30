"""From a file to a plan: everything is checked that can be without importing an SDK or reaching a network."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from pydantic import BaseModel

from byoclient.config import LlmConfig, Section, read_file, validate
from byoclient.config.section import Loc
from byoclient.config.validation import each, raise_all
from byoclient.config.variables import Substitution
from byoclient.errors import MOST_ERRORS, ConfigError, PlacedError, suggestion, without_frames
from byoclient.plugging import checked_settings, find_adapter, settings_of
from byoclient.plugins import Catalogue, Plugin, scan
from byoclient.sides import ASYNC_CLIENT, CLIENT, Side, located
from byoclient.trust import Trust


@dataclass(frozen=True)
class Plan:
    """One LLM of a file, checked, with nothing built yet.

    Attributes:
        name: its name under `llms:`; None in the short form.
        config: what the file says, with variables replaced.
        section: where it stands in the file.
        client: the side that makes the sync client; None where the file names none.
        async_client: its async twin.
        catalogue: what was installed when the file was loaded.
        source: the section as the file has it, with the variables' names.
    """

    name: str | None
    config: LlmConfig
    section: Section
    client: Side | None
    async_client: Side | None
    catalogue: Catalogue
    source: Section

    @property
    def sides(self) -> list[Side]:
        """The sides that the file names."""
        return [side for side in (self.client, self.async_client) if side]

    def secrets(self) -> Iterator[str]:
        """Yield the secrets of the options."""
        for side in self.sides:
            yield from side.secrets()

    def settings_of(self, plugin: Plugin) -> Section:
        """Return the settings of an adapter in the file."""
        return settings_of(plugin, self.section.child("adapters"), self.catalogue)

    def check_adapter(self, name: str) -> None:
        """Import an adapter that the file names and check its settings.

        Raises:
            PlacedError: something is wrong with it.
        """
        _check_adapter(name, self.section, self.catalogue)

    def models(self) -> Iterator[tuple[Loc, BaseModel]]:
        """Import what the file names; yield the validated options and settings, each with its place in the LLM.

        Raises:
            PlacedError: something is wrong with them.
        """
        found: list[tuple[Loc, BaseModel | None]] = [(("options",), side.ready()[1]) for side in self.sides]
        for name in self.config.adapters:
            found.append((("adapters", name), _check_adapter(name, self.section, self.catalogue)))
        yield from ((loc, model) for loc, model in found if model is not None)

    def import_errors(self) -> list[PlacedError]:
        """Import all functions that the file names; return what is wrong with them."""
        errors: list[PlacedError] = []
        checks: list[Callable[[], object]] = [side.prepare for side in self.sides]
        checks += [partial(self.check_adapter, name) for name in self.config.adapters]
        for check in checks:
            try:
                check()
            except PlacedError as error:
                errors.append(error)
        return errors


def _check_adapter(name: str, section: Section, catalogue: Catalogue) -> BaseModel | None:
    with located(section, "adapters", name):
        return checked_settings(find_adapter(name, catalogue), section.child("adapters").child(name))[1]


def plan_file(path: str | os.PathLike[str], llm: str | None, trust: Trust) -> Plan:
    """Return the plan of one LLM of a file.

    Args:
        path: the YAML file.
        llm: its name under `llms:`; may be None where there is only one.
        trust: what the calling program allows.

    Raises:
        ConfigError: the file is wrong.
        ProviderError: a built-in client provider cannot be imported.
    """
    name, section = choose_llm(read_file(path), llm)
    return plan_llm(section, name, trust, scan())


def choose_llm(section: Section, llm: str | None) -> tuple[str | None, Section]:
    """Return the name and the section of one LLM of a file.

    Raises:
        ConfigError: there is none of that name, or none is named where there are several.
    """
    sections = llm_sections(section)
    name = _choose(section, sections, llm)
    return name, sections[name]


def llm_sections(section: Section) -> dict[str | None, Section]:
    """Return the LLMs of a file by name; the short form has one, named None.

    Raises:
        ConfigError: `llms:` is no mapping, or stands beside other keys.
    """
    assert isinstance(section.data, dict)  # noqa: S101  (read_file refuses others)
    if "llms" not in section.data:
        return {None: section}
    errors: list[ConfigError] = [section.error(_beside(key), key) for key in section.data if key != "llms"]
    llms = section.child("llms")
    names = list(llms.data) if isinstance(llms.data, dict) else []
    if not names:
        errors.append(llms.error("names no LLM. Write one, such as 'chat:', under it."))
    raise_all(errors)
    return {name: llms.child(name) for name in names}


def _beside(key: str) -> str:
    if key in LlmConfig.model_fields:
        return "stands beside 'llms:'. Move it under one of the LLMs."
    return "unknown key. A file with several LLMs has only 'llms:' at the top."


def _choose(section: Section, sections: Mapping[str | None, Section], llm: str | None) -> str | None:
    if llm in sections:
        return llm
    names = [name for name in sections if name is not None]
    if llm is None and len(names) == 1:
        return names[0]
    if not names:
        raise section.error(f"no LLM named '{llm}': the file has no 'llms:'. Leave the name out.")
    if llm is None:
        raise section.error(f'several LLMs. Say which: load(path, llm="{names[0]}"), or --llm {names[0]}.', "llms")
    raise section.error(f"no LLM named '{llm}'.{suggestion(llm, names)}", "llms")


@without_frames
def plan_llm(section: Section, name: str | None, trust: Trust, catalogue: Catalogue) -> Plan:
    """Return the plan of one LLM.

    Raises:
        ConfigError: something is wrong with it.
        ConfigErrors: several things are.
    """
    source, substitution = section, Substitution(section, trust)
    section = substitution.section()
    errors: list[ConfigError] = []
    with collected(errors):
        config = validate(LlmConfig, section)
    sides = {kind: Side.find(kind, section, trust, catalogue, errors) for kind in (CLIENT, ASYNC_CLIENT)}
    if not errors and all(section.child(kind.key).data is None for kind in (CLIENT, ASYNC_CLIENT)):
        errors.append(section.error("neither client_provider nor async_client_provider is given. Give one or both."))
    for side in filter(None, sides.values()):
        if side.found.is_built_in:
            with collected(errors):
                side.ready()
    _check_adapters(section.child("adapters"), catalogue, errors)
    raise_all(with_variables(substitution, errors))
    return Plan(name, config, section, sides[CLIENT], sides[ASYNC_CLIENT], catalogue, source)


def with_variables(substitution: Substitution, errors: Iterable[ConfigError]) -> list[ConfigError]:
    """Return the errors of variables, and the others but those of what a variable left empty."""
    return [*substitution.errors, *(error for error in each(errors) if not substitution.left_empty(error))]


def _check_adapters(adapters: Section, catalogue: Catalogue, errors: list[ConfigError]) -> None:
    """Check the names of the adapters, and the settings of the built-in ones."""
    seen: dict[Plugin, str] = {}
    for name in adapters.data if isinstance(adapters.data, dict) else ():
        if len(errors) > MOST_ERRORS:
            return
        with collected(errors), located(adapters, name):
            plugin = find_adapter(name, catalogue)
            if plugin in seen:
                raise ConfigError(f"names the same adapter as '{seen[plugin]}'. Keep one of them.")
            seen[plugin] = name
            if plugin.is_built_in:
                checked_settings(plugin, adapters.child(name))


@contextmanager
def collected(errors: list[ConfigError]) -> Iterator[None]:
    """Collect what is wrong, and go on."""
    try:
        yield
    except ConfigError as error:
        errors.append(error)
