"""The catalogue: what installed distributions advertise, read one distribution at a time and without imports."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from importlib_metadata import Distribution, distributions

from byoclient import folders
from byoclient.ownership import owns

CLIENT_PROVIDERS = "byoclient.client_providers"
ASYNC_CLIENT_PROVIDERS = "byoclient.async_client_providers"
ADAPTERS = "byoclient.adapters"
CLIENT_ASSERTIONS = "byoclient.client_assertions"
GROUPS = (CLIENT_PROVIDERS, ASYNC_CLIENT_PROVIDERS, ADAPTERS, CLIENT_ASSERTIONS)
BUILT_IN = "byoclient"

_OURS = "byoclient."
_BUILT_IN = re.compile(r"byoclient\.(providers|adapters)\.\w+:\w+", re.ASCII)
_BAD_LINE = re.compile(r"^[^\S\n]*[^\s\[#=][^=\n]*$", re.M)  # neither a section, nor a comment, nor with '='


@dataclass(frozen=True, slots=True)
class Plugin:
    """One advertised function.

    Attributes:
        group: one of `GROUPS`.
        name: the entry point's name.
        value: the entry point's value, `module:function`.
        distribution: the name of the distribution that advertises it.
        version: that distribution's version.
        location: that distribution's metadata folder.
    """

    group: str
    name: str
    value: str
    distribution: str
    version: str
    location: str = ""

    @property
    def is_built_in(self) -> bool:
        """Whether byoclient itself advertises it."""
        return normalise(self.distribution) == BUILT_IN and bool(_BUILT_IN.fullmatch(self.value))

    def __str__(self) -> str:
        return f"{self.name}@{self.distribution} ({self.version})"


@dataclass(frozen=True, slots=True)
class BrokenDistribution:
    """A distribution whose entry points cannot be read.

    Attributes:
        path: its metadata folder.
        reason: what is wrong, in words.
    """

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All plugins of this environment.

    Attributes:
        plugins: those that count.
        broken: the distributions that could not be read.
        ignored: the plugins that were found only in the working directory or the script's folder.
    """

    plugins: tuple[Plugin, ...]
    broken: tuple[BrokenDistribution, ...]
    ignored: tuple[Plugin, ...] = ()

    def named(self, group: str, name: str) -> list[Plugin]:
        """Return the plugins of this name; a built-in hides all others."""
        found = [p for p in self.plugins if p.group == group and is_named(p, name)]
        return [p for p in found if p.is_built_in] or found

    def named_in(self, group: str, name: str, distribution: str) -> list[Plugin]:
        """Return the plugin of this name in one distribution."""
        wanted = (group, normalise(name), normalise(distribution))
        return [p for p in self.plugins if (p.group, normalise(p.name), normalise(p.distribution)) == wanted]

    def advertising(self, group: str, value: str) -> list[Plugin]:
        """Return the plugins that advertise this very function."""
        return [p for p in self.plugins if p.group == group and p.value == value]

    def names(self, group: str) -> list[str]:
        """Return the names in a group, sorted."""
        return sorted({p.name for p in self.plugins if p.group == group})

    def squatters(self) -> list[Plugin]:
        """Return the plugins that use a built-in's name; they can only be named as `name@distribution`."""
        taken = {(p.group, normalise(p.name)) for p in self.plugins if p.is_built_in}
        return [p for p in self.plugins if not p.is_built_in and (p.group, normalise(p.name)) in taken]


def is_named(plugin: Plugin, name: str) -> bool:
    """Whether a plugin has this name, however it is spelled."""
    return normalise(plugin.name) == normalise(name)


def normalise(name: str) -> str:
    """Return the form in which names are compared: lower case, and `-`, `_` and `.` alike."""
    return re.sub(r"[-_.]+", "-", name).lower()


def scan(found: Iterable[Distribution] | None = None) -> Catalogue:
    """Read the entry points of all installed distributions; nothing is imported.

    Args:
        found: the distributions; by default those on `sys.path`.
    """
    plugins: list[Plugin] = []
    ignored: list[Plugin] = []
    broken: list[BrokenDistribution] = []
    seen: dict[str, str] = {}
    passing = folders.passing()
    for distribution in cast("Iterable[Distribution]", distributions()) if found is None else found:
        location = _location(distribution)
        try:
            if passing.holds(location):
                ignored += _plugins(distribution, location)
            elif not _hidden(location, seen):
                plugins += _plugins(distribution, location)
        except Exception as error:  # whatever one distribution does must not harm the others
            broken.append(BrokenDistribution(location, _reason(error)))
    return Catalogue(tuple(plugins), tuple(broken), tuple(ignored))


def _hidden(location: str, seen: dict[str, str]) -> bool:
    """Whether an earlier folder on `sys.path` has a distribution of this name: Python imports that one's modules.

    The folder tells the name, without reading METADATA of all that have nothing for us; `~name` is what pip leaves
    behind. Two of one name in one folder both stay: whether they differ is seen when they are named.
    """
    base, folder = os.path.split(location)
    name = normalise(folder.removesuffix(".dist-info").removesuffix(".egg-info").partition("-")[0])
    if name == BUILT_IN:
        return False  # which of several is the one that runs shows on what it installed
    return folder.startswith("~") or seen.setdefault(name, base) != base


def _plugins(distribution: Distribution, location: str) -> list[Plugin]:
    text = _entry_points(distribution, location)
    if text is None or not (_OURS in text or _BAD_LINE.search(text)):
        return []  # nearly all of them: parsing what they have for others would take longer than reading it
    points = [point for point in distribution.entry_points if point.group in GROUPS]
    if not points:
        return []
    name, version = _metadata(distribution)
    if normalise(name) == BUILT_IN and not owns(location, BUILT_IN, folders.OWN_FILE):
        raise ValueError("it calls itself byoclient, and is not the one that runs")
    return [Plugin(point.group, point.name, _plain(point.value), name, version, location) for point in points]


def _entry_points(distribution: Distribution, location: str) -> str | None:
    try:
        with open(f"{location}/entry_points.txt", encoding="utf-8") as stream:  # a third faster than asking it
            return stream.read()
    except FileNotFoundError:
        return None if os.path.isdir(location) else distribution.read_text("entry_points.txt")
    except OSError:
        return distribution.read_text("entry_points.txt")


def _plain(value: str) -> str:
    """Take spaces and extras out of an entry point's value."""
    return re.sub(r"\s", "", value.partition("[")[0])


def _metadata(distribution: Distribution) -> tuple[str, str]:
    with suppress(Exception):  # which one it is differs between versions of importlib-metadata
        if distribution.name and distribution.version:
            return distribution.name, distribution.version
    raise ValueError("it has no METADATA with a name and a version")


def _location(distribution: Distribution) -> str:
    path = getattr(distribution, "_path", None)  # a pathlib.Path, or the like in a zip file
    return str(path).rstrip("/") if path is not None else type(distribution).__name__


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "its entry_points.txt is not UTF-8"
    if isinstance(error, TypeError):  # importlib-metadata 8 to 10: Pair.__new__() misses its value
        return "its entry_points.txt has a line without '='"
    return str(error).rstrip(".") or type(error).__name__
