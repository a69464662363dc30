"""A reference → the one function that it means, decided on the text alone: nothing is imported here."""

from __future__ import annotations

import os
from dataclasses import dataclass

from byoclient.errors import ResolveError, TrustError, shown, suggestion, with_article
from byoclient.folders import is_installed_into
from byoclient.locating import file_of, locate, packages_to_import
from byoclient.ownership import folder_of, lies_beside, owns
from byoclient.plugins import (
    ADAPTERS,
    ASYNC_CLIENT_PROVIDERS,
    CLIENT_ASSERTIONS,
    CLIENT_PROVIDERS,
    Catalogue,
    Plugin,
    is_named,
    normalise,
)
from byoclient.references import NameReference, PathReference, parse_path, parse_reference
from byoclient.trust import Trust

NOUNS = {
    CLIENT_PROVIDERS: "client provider",
    ASYNC_CLIENT_PROVIDERS: "async client provider",
    ADAPTERS: "adapter",
    CLIENT_ASSERTIONS: "client assertion",
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
        group: the entry-point group, such as `CLIENT_PROVIDERS`.
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
        ResolveError: the entry point is no `module:function`, or that module is not its distribution's.
    """
    if plugin.is_built_in:
        module, _, attribute = plugin.value.partition(":")
        return Found(reference, module, attribute, plugin)
    try:
        path = parse_path(plugin.value)
    except ResolveError:
        raise ResolveError(
            f"'{reference}' is advertised by {plugin.distribution} {plugin.version} as '{shown(plugin.value)}', which "
            "is no function that may be named. Tell its author."
        ) from None
    return owned(Found(reference, path.module, path.attribute, plugin))


def owned(found: Found, file: str | None = None) -> Found:
    """Return what was found, after a look at where its module comes from; imports nothing.

    Args:
        found: what a reference leads to.
        file: where the module's code comes from; by default where an import would find it now.

    Raises:
        ResolveError: another distribution, or nobody, installed that file.
    """
    plugin = found.plugin
    if plugin is None or plugin.is_built_in:
        return found  # a module that the program trusts may lie anywhere
    if file is None:
        _check_packages(found.module, plugin)
    file = file or file_of(locate(found.module))
    if file is not None and not owns(plugin.location, found.module, file):  # where there is none the import says so
        raise _shadowed(found.module, file, plugin)
    return found


def _check_packages(module: str, plugin: Plugin) -> None:
    """Refuse a package around a module that comes from where nobody installs: its code would run first."""
    for package, file in packages_to_import(module):
        if lies_beside(plugin.location, package, file) or owns(plugin.location, package, file):
            continue
        folder = folder_of(package, file)  # another distribution's part of an old namespace package
        if folder is None or not is_installed_into(folder):
            raise _shadowed(package, file, plugin)


def _shadowed(module: str, file: str, plugin: Plugin) -> ResolveError:
    return ResolveError(
        f"'{module}' of {plugin.distribution} {plugin.version} would be imported from '{shown(file)}', which "
        f"that distribution did not install. Remove what shadows it, or reinstall {plugin.distribution}."
    )


def pick(parsed: NameReference, group: str, catalogue: Catalogue) -> Plugin:
    """Return the one plugin that a name means.

    Raises:
        ResolveError: there is none, or more than one.
    """
    if parsed.distribution is None:
        matches = catalogue.named(group, parsed.name)
    else:
        matches = catalogue.named_in(group, parsed.name, parsed.distribution)
    if len({(normalise(plugin.distribution), plugin.value) for plugin in matches}) == 1:
        return matches[0]
    if matches:
        raise ResolveError(_several(parsed.name, matches))
    raise ResolveError(_unknown(parsed, group, catalogue))


def _several(name: str, matches: list[Plugin]) -> str:
    listed = ", ".join(f"{plugin} in {shown(plugin.location, 200)}" for plugin in matches)
    first = matches[0]
    noun = NOUNS[first.group]
    if len({normalise(plugin.distribution) for plugin in matches}) == 1:
        return (
            f"{first.distribution} is installed twice, and each has its own {noun} named '{name}': {listed}. "
            f"Type: pip install --force-reinstall {first.distribution}"
        )
    return (
        f"several distributions have a {noun} named '{name}': {listed}. Say which: '{first.name}@{first.distribution}'."
    )


def _unknown(parsed: NameReference, group: str, catalogue: Catalogue) -> str:
    names = catalogue.names(group)
    name = parsed.name + (f"@{parsed.distribution}" if parsed.distribution else "")
    close = suggestion(parsed.name, names)
    hint = close if close.startswith(" Did you mean") else ""
    other = _other_group(group)
    if other and catalogue.named(other, parsed.name):
        hint = f" There is {with_article(NOUNS[other])} of that name."
    passed = [plugin for plugin in catalogue.ignored if plugin.group == group and is_named(plugin, parsed.name)]
    if passed:
        hint = f" {ignored(passed[0])}"
    broken = f" Not readable: {', '.join(shown(b.path, 200) for b in catalogue.broken)}." if catalogue.broken else ""
    return f"no {NOUNS[group]} named '{name}'.{hint} Installed: {', '.join(map(shown, names)) or 'none'}.{broken}"


def ignored(plugin: Plugin) -> str:
    """Return what to say of a plugin that was found only where nobody installs."""
    return (
        f"'{plugin.name}' of {plugin.distribution} {plugin.version} is ignored: it lies only in "
        f"'{shown(os.path.dirname(plugin.location), 200)}', the working directory or the script's folder. "
        "Install it with pip."
    )


def _other_group(group: str) -> str | None:
    return {CLIENT_PROVIDERS: ASYNC_CLIENT_PROVIDERS, ASYNC_CLIENT_PROVIDERS: CLIENT_PROVIDERS}.get(group)


def _owner(advertised: list[Plugin], module: str) -> Plugin:
    """Return who installed the module, of those that advertise the same function of it."""
    file = file_of(locate(module)) if len(advertised) > 1 else None
    owners = [plugin for plugin in advertised if file and owns(plugin.location, module, file)]
    return (owners or advertised)[0]


def _find_path(reference: str, path: PathReference, group: str, catalogue: Catalogue, trust: Trust) -> Found:
    advertised = catalogue.advertising(group, str(path))
    if advertised:
        return owned(Found(reference, path.module, path.attribute, _owner(advertised, path.module)))
    if trust.allows_module(path.module, path.attribute):
        return Found(reference, path.module, path.attribute, None)
    raise TrustError(
        f"'{path}' is advertised by no installed distribution as {with_article(NOUNS[group])}, and this program does "
        f"not trust module '{path.module}'. Pass trust=Trust(modules=(\"{path.module}\",)) to load(), "
        f"or --trust-module {path.module}."
    )
