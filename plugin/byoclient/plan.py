"""From a file to a plan: everything is checked that can be without importing an SDK or reaching a network."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from byoclient.config import FileConfig, LlmConfig, Section, read_file, validate
from byoclient.config.validation import raise_all
from byoclient.config.variables import Substitution
from byoclient.errors import ByoclientError, ConfigError, suggestion
from byoclient.plugging import checked_settings, find_adapter
from byoclient.plugins import Catalogue, scan
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
    """

    name: str | None
    config: LlmConfig
    section: Section
    client: Side | None
    async_client: Side | None
    catalogue: Catalogue

    @property
    def sides(self) -> list[Side]:
        """The sides that the file names."""
        return [side for side in (self.client, self.async_client) if side]

    def secrets(self) -> Iterator[str]:
        """Yield the secrets of the options."""
        for side in self.sides:
            yield from side.secrets()

    def adapter_settings(self) -> Iterator[Callable[[], object]]:
        """Yield, for each adapter that the file names, a function that imports it and checks its settings."""
        for name in self.config.adapters:
            yield partial(_check_adapter, name, self.section, self.catalogue)

    def import_errors(self) -> list[ByoclientError]:
        """Import the client providers and adapters that the file names; return what is wrong with them."""
        errors: list[ByoclientError] = []
        for check in (*(side.ready for side in self.sides), *self.adapter_settings()):
            try:
                check()
            except ByoclientError as error:
                errors.append(error)
        return errors


def _check_adapter(name: str, section: Section, catalogue: Catalogue) -> None:
    with located(section, "adapters", name):
        checked_settings(find_adapter(name, catalogue), section.child("adapters").child(name))


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
    section = read_file(path)
    sections = llm_sections(section)
    return plan_llm(sections[_choose(section, sections, llm)], llm, trust, scan(), os.environ)


def llm_sections(section: Section) -> dict[str | None, Section]:
    """Return the LLMs of a file by name; the short form has one, named None.

    Raises:
        ConfigError: the file does not follow the grammar.
    """
    assert isinstance(section.data, dict)  # noqa: S101  (read_file refuses others)
    if "llms" not in section.data:
        validate(LlmConfig, section)
        return {None: section}
    for key in LlmConfig.model_fields:
        if key in section.data:
            raise section.error("stands beside 'llms:'. Move it under one of the LLMs.", key)
    validate(FileConfig, section)
    if not section.data["llms"]:
        raise section.error("names no LLM. Write one, such as 'chat:', under it.", "llms")
    return {name: section.child("llms").child(name) for name in section.data["llms"]}


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


def plan_llm(
    section: Section, name: str | None, trust: Trust, catalogue: Catalogue, environ: Mapping[str, str]
) -> Plan:
    """Return the plan of one LLM.

    Raises:
        ConfigError: something is wrong with it.
        ConfigErrors: several things are.
    """
    substitution = Substitution(section, trust, environ)
    section = replace(section, data=substitution.apply(section.data))
    errors: list[ConfigError] = list(substitution.errors)
    config = validate(LlmConfig, section)
    sides = {kind: Side.find(kind, section, trust, catalogue, errors) for kind in (CLIENT, ASYNC_CLIENT)}
    if config.client_provider is None and config.async_client_provider is None:
        errors.append(section.error("neither client_provider nor async_client_provider is given. Give one or both."))
    if not substitution.errors:  # what a missing variable left empty would only bring follow-up errors
        for side in filter(None, sides.values()):
            errors.extend(_errors_of(side))
        errors.extend(_adapter_errors(config, section, catalogue))
    raise_all(errors)
    return Plan(name, config, section, sides[CLIENT], sides[ASYNC_CLIENT], catalogue)


def _errors_of(side: Side) -> Iterator[ConfigError]:
    if side.found.is_built_in:
        try:
            side.ready()
        except ConfigError as error:
            yield error


def _adapter_errors(config: LlmConfig, section: Section, catalogue: Catalogue) -> Iterator[ConfigError]:
    for name in config.adapters:
        try:
            with located(section, "adapters", name):
                plugin = find_adapter(name, catalogue)
            if plugin.is_built_in:
                _check_adapter(name, section, catalogue)
        except ConfigError as error:
            yield error
