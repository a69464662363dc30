"""What a reference leads to, in words; nothing of it is imported."""

from __future__ import annotations

from collections.abc import Iterator

from byoclient.errors import ResolveError, shown
from byoclient.locating import file_of, locate
from byoclient.plugins import Catalogue, Plugin, is_named
from byoclient.resolve import NOUNS, Found, found_plugin, ignored

Row = tuple[str, str]


def rows_of(found: Found) -> Iterator[Row]:
    """Yield what a reference leads to: the function, who installed it, in which file, and by what it is trusted."""
    yield "is", f"{found.module}:{found.attribute}"
    if found.plugin is not None:
        yield "from", f"{found.plugin.distribution} {found.plugin.version}, {shown(found.plugin.location, 200)}"
    yield "file", shown(file_of(locate(found.module)) or "not found", 200)
    yield "trusted by", _trusted_by(found)


def _trusted_by(found: Found) -> str:
    if found.plugin is None:
        return "this program's trust of its module (--trust-module)"
    if found.is_built_in:
        return "byoclient, which it is a part of"
    return f"the entry point '{shown(found.plugin.name)}' of an installed distribution"


def why(name: str, group: str, catalogue: Catalogue) -> Iterator[str]:
    """Yield, of all distributions that have a name in a group, whether theirs counts and why."""
    counting = catalogue.named(group, name)
    for plugin in catalogue.plugins:
        if plugin.group == group and is_named(plugin, name):
            yield f"{NOUNS[group]} {_entry(plugin)}: {_verdict(plugin, counting)}"
    for plugin in catalogue.ignored:
        if plugin.group == group and is_named(plugin, name):
            yield f"{NOUNS[group]} {_entry(plugin)}: {ignored(plugin)}"


def _entry(plugin: Plugin) -> str:
    return f"{shown(plugin.name)}@{plugin.distribution} {plugin.version} is {shown(plugin.value)}"


def _verdict(plugin: Plugin, counting: list[Plugin]) -> str:
    explicit = f"'{shown(plugin.name)}@{plugin.distribution}'"
    try:
        found_plugin(plugin.name, plugin)
    except ResolveError as error:
        return f"refused: {error.message}"
    if plugin not in counting:
        return f"a built-in has this name, which cannot be taken. Name it {explicit}."
    if plugin.is_built_in:
        return "counts: it is byoclient's own."
    if len(counting) > 1:
        return f"one of {len(counting)} with this name. Name it {explicit}."
    return "counts: it is the only one of this name."
