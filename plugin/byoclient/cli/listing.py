"""`byoclient list`."""

from __future__ import annotations

import click

from byoclient.cli.describing import why as reasons
from byoclient.errors import shown, suggestion
from byoclient.plugins import (
    ADAPTERS,
    ASYNC_CLIENT_PROVIDERS,
    CLIENT_ASSERTIONS,
    CLIENT_PROVIDERS,
    GROUPS,
    Catalogue,
    Plugin,
    normalise,
    scan,
)
from byoclient.resolve import ignored

Row = tuple[str, ...]


@click.command("list", short_help="List the installed client providers, client assertions and adapters.")
@click.option("--why", metavar="NAME", help="Say of one name who has it, which one counts, and why.")
def list_plugins(why: str | None) -> int:
    """List the installed client providers, client assertions and adapters; imports none of them.

    Names that several distributions use, names of built-ins that others use, and distributions whose metadata
    cannot be read are marked.
    """
    catalogue = scan()
    if why is not None:
        return _why(why, catalogue)
    _table("Client providers", ("NAME", "DISTRIBUTION", "SYNC/ASYNC", ""), _provider_rows(catalogue))
    _table("Client assertions", ("NAME", "DISTRIBUTION", ""), _rows(CLIENT_ASSERTIONS, catalogue))
    _table("Adapters", ("NAME", "DISTRIBUTION", ""), _rows(ADAPTERS, catalogue))
    for broken in catalogue.broken:
        click.echo(f"Not readable: {shown(broken.path, 200)}: {broken.reason}. Reinstall or remove that distribution.")
    for said in dict.fromkeys(ignored(plugin) for plugin in catalogue.ignored):
        click.echo(said)
    return 0


def _why(name: str, catalogue: Catalogue) -> int:
    said = [line for group in GROUPS for line in reasons(name, group, catalogue)]
    for line in said:
        click.echo(line)
    if not said:
        names = {plugin.name for plugin in catalogue.plugins}
        click.echo(f"Nothing installed is named '{shown(name)}'.{suggestion(name, names, 'Installed')}", err=True)
    return 0 if said else 1


def _provider_rows(catalogue: Catalogue) -> list[Row]:
    sides: dict[tuple[str, str, str], set[str]] = {}
    marks: dict[tuple[str, str, str], str] = {}
    for plugin in catalogue.plugins:
        if plugin.group in (CLIENT_PROVIDERS, ASYNC_CLIENT_PROVIDERS):
            key = (plugin.name, plugin.distribution, plugin.version)
            sides.setdefault(key, set()).add("sync" if plugin.group == CLIENT_PROVIDERS else "async")
            marks[key] = marks.get(key) or _mark(plugin, catalogue)
    return [
        (key[0], " ".join(key[1:]), ", ".join(sorted(found, reverse=True)), marks[key])
        for key, found in sorted(sides.items())
    ]


def _rows(group: str, catalogue: Catalogue) -> list[Row]:
    plugins = sorted((p for p in catalogue.plugins if p.group == group), key=lambda p: p.name)
    return [(p.name, f"{p.distribution} {p.version}", _mark(p, catalogue)) for p in plugins]


def _mark(plugin: Plugin, catalogue: Catalogue) -> str:
    """Return what is wrong with a plugin's name."""
    named = f"name it {plugin.name}@{plugin.distribution}"
    if plugin in catalogue.squatters():
        return f"has a built-in's name: {named}"
    same = [
        p
        for p in catalogue.named(plugin.group, plugin.name)
        if normalise(p.distribution) != normalise(plugin.distribution)
    ]
    return f"duplicate: {named}" if same else ""


def _table(title: str, head: Row, rows: list[Row]) -> None:
    if not rows:
        return
    click.echo(title)
    widths = [max(len(shown(row[column])) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        cells = (shown(cell).ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(f"  {'  '.join(cells)}".rstrip())
    click.echo()
