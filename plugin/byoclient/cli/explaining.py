"""`byoclient explain`: what a file leads to, without importing any of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace

import click

from byoclient.cli.describing import Row, rows_of
from byoclient.cli.environment import names_in
from byoclient.cli.options import trust_options
from byoclient.config import Section, read_file
from byoclient.config.variables import Substitution
from byoclient.errors import ByoclientError, ConfigError, PlacedError, shown
from byoclient.plan import llm_sections, with_variables
from byoclient.plugging import find_adapter
from byoclient.plugins import CLIENT_ASSERTIONS, Catalogue, scan
from byoclient.providers.options import ClientOptions
from byoclient.providers.sign_in import SignIn
from byoclient.resolve import Found, find, found_plugin
from byoclient.sides import ASYNC_CLIENT, CLIENT, Side
from byoclient.trust import Trust


@click.command(short_help="Show what a file leads to; imports none of it.")
@click.argument("file")
@trust_options
def explain(file: str, trust: Trust) -> int:
    """Show what each name in FILE leads to: function, distribution, file, and by what it is trusted; which hosts may
    get its credential, and which environment variables it reads.

    Imports no third-party code and no SDK, and reaches no network. What is wrong with the file stands where it
    matters, and in full in the output of `byoclient check`.
    """
    catalogue = scan()
    complete = [_explain(name, section, trust, catalogue) for name, section in llm_sections(read_file(file)).items()]
    return 0 if all(complete) else 1


def _explain(name: str | None, section: Section, trust: Trust, catalogue: Catalogue) -> bool:
    substitution = Substitution(section, trust)
    replaced = substitution.section()
    click.echo(section.file + (f" llms.{shown(name)}" if name else ""))
    found: list[ConfigError] = []
    for key, rows in _references(replaced, trust, catalogue, found):
        click.echo(f"  {key}")
        _print(rows)
    names = sorted(names_in(section.data))
    click.echo("  environment" if names else "  environment: reads none")
    _print([(name, "set" if name in os.environ else "not set") for name in names])
    errors = with_variables(substitution, found)
    for line in dict.fromkeys(map(str, errors)):
        click.echo(f"  wrong: {line}")
    return not errors


def _print(rows: list[Row]) -> None:
    width = max((len(head) for head, _ in rows), default=0)
    for head, text in rows:
        click.echo(f"    {head.ljust(width)}  {text}".rstrip())


def _references(
    section: Section, trust: Trust, catalogue: Catalogue, errors: list[ConfigError]
) -> Iterator[tuple[str, list[Row]]]:
    """Yield each reference of an LLM, and what is to be said of it."""
    for kind in (CLIENT, ASYNC_CLIENT):
        side = Side.find(kind, section, trust, catalogue, errors)
        if side is not None:
            title = f"{kind.key}: {shown(side.found.reference)}"
            yield title, [*rows_of(side.found), *_hosts(side, errors)]
    for reference, place in _assertions(section.child("options")):
        with_found = _found(reference, place, trust, catalogue, errors)
        if with_found:
            yield f"{place.key()}: {shown(reference)}", list(rows_of(with_found))
    adapters = section.child("adapters")
    for name in adapters.data if isinstance(adapters.data, dict) else ():
        try:
            found = found_plugin(name, find_adapter(name, catalogue))
        except ConfigError as error:
            errors.append(adapters.error(error.message, name, kind=type(error)))
        else:
            yield f"adapters.{shown(name)}", list(rows_of(found))


def _found(
    reference: str, place: Section, trust: Trust, catalogue: Catalogue, errors: list[ConfigError]
) -> Found | None:
    try:
        return find(reference, CLIENT_ASSERTIONS, catalogue, trust)
    except ConfigError as error:
        errors.append(place.error(error.message, kind=type(error)))
        return None


def _assertions(section: Section) -> Iterator[tuple[str, Section]]:
    """Yield the references to functions of client assertions, wherever credentials stand."""
    if isinstance(section.data, dict):
        for key, value in section.data.items():
            if key == "func" and isinstance(value, str):
                yield value, section.child(key)
            yield from _assertions(section.child(key))
    elif isinstance(section.data, list):
        for index, value in enumerate(section.data):
            yield from _assertions(replace(section, data=value, path=(*section.path, index)))


def _hosts(side: Side, errors: list[ConfigError]) -> Iterator[Row]:
    """Yield the hosts that may get the credential of a side."""
    if not side.found.is_built_in:
        yield "hosts", "its own code decides: byoclient binds the credentials of its built-ins only"
        return
    try:
        options = side.ready()[1]
    except ByoclientError as error:
        errors.extend([error] if isinstance(error, ConfigError) else [ConfigError(_message(error))])
        yield "hosts", "not known before the options are right"
        return
    if not isinstance(options, ClientOptions):
        yield "hosts", "this machine: the emulator runs in this process"
        return
    if not options.endpoints:
        yield from _bound(options)
    for index, endpoint in enumerate(options.endpoints):
        for what, text in _bound(endpoint):
            yield f"endpoints[{index}] {what}" if what else "", text


def _bound(options: SignIn) -> Iterator[Row]:
    """Yield the hosts that may get what a client or one of its endpoints signs in with."""
    binding = options.binding()
    suffixes = [f"https://*{suffix}" for cloud in binding.clouds for suffix in cloud.suffixes]
    yield "hosts", ", ".join([*(f"https://{host}" for host in binding.hosts), *suffixes, "loopback"])
    if binding.trust.hosts:
        yield "", f"{', '.join(binding.trust.hosts)}: trusted by this program"
    authority = getattr(options.credential, "authority", None)
    if options.credential is not None:
        own = re.sub(r"^(?!https?://)", "https://", authority or options.credential.azure_cloud.authority)
        yield "signs in at", own


def _message(error: ByoclientError) -> str:
    return error.message if isinstance(error, PlacedError) else str(error)
