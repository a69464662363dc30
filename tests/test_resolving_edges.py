"""The edges of the resolver: lengths, who is listed first, what is said beside, and what stays as it was."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable
from itertools import permutations
from pathlib import Path
from typing import cast

import pytest
from importlib_metadata import Distribution, distributions
from pydantic import BaseModel

from byoclient import ProviderError, ResolveError, Trust
from byoclient.errors import with_article
from byoclient.importing import import_function, options_model
from byoclient.plugins import (
    ADAPTERS,
    ASYNC_CLIENT_PROVIDERS,
    CLIENT_PROVIDERS,
    BrokenDistribution,
    Catalogue,
    Plugin,
    scan,
)
from byoclient.references import MAX_LENGTH, NameReference, parse_reference
from byoclient.resolve import NOUNS, find, found_plugin, ignored
from tests.support.installed import install, point

NOTHING = Catalogue((), (), ())


def plugin(name: str = "gateway", group: str = CLIENT_PROVIDERS, location: str = "/site/acme-1.0.dist-info") -> Plugin:
    return Plugin(group, name, "acme:f", "acme", "1.0", location)


def catalogue(*folders: Path) -> Catalogue:
    return scan(cast("Iterable[Distribution]", distributions(path=[str(folder) for folder in folders])))


def refused(text: str, found: Catalogue, group: str = CLIENT_PROVIDERS) -> str:
    with pytest.raises(ResolveError) as caught:
        find(text, group, found, Trust())
    return caught.value.message


def test_a_reference_may_be_as_long_as_is_said() -> None:
    """One character more is too long."""
    assert parse_reference("x" * MAX_LENGTH) == NameReference("x" * MAX_LENGTH)
    with pytest.raises(ResolveError, match=f"a reference of {MAX_LENGTH + 1} characters"):
        parse_reference("x" * (MAX_LENGTH + 1))


@pytest.mark.parametrize(
    "thing", [NameReference("a"), plugin(), found_plugin("gateway", plugin()), parse_reference("a.b:c")]
)
def test_what_was_decided_cannot_be_changed(thing: object) -> None:
    """Nor can anything be added to it."""
    name = dataclasses.fields(thing)[0].name  # type: ignore[arg-type]  # each is a dataclass
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(thing, name, "other")
    assert not hasattr(thing, "__dict__")


def test_an_unknown_name_says_nothing_of_ignored_ones_in_other_groups() -> None:
    """Whether their group comes before or after in the alphabet."""
    for group in (ADAPTERS, ASYNC_CLIENT_PROVIDERS):
        assert "is ignored" not in refused("gateway", Catalogue((), (), (plugin(group=group),)))
    assert "is ignored" in refused("gateway", Catalogue((), (), (plugin(),)))


def test_of_several_ignored_ones_the_first_is_shown() -> None:
    """One is enough to say what to do."""
    first, second = plugin(), dataclasses.replace(plugin(), distribution="acme-two")
    said = refused("gateway", Catalogue((), (), (first, second)))
    assert "'gateway' of acme 1.0 is ignored" in said
    assert "acme-two" not in said


def test_a_name_that_only_the_other_side_has_is_said_so() -> None:
    """A sync client provider where an async one is meant, or the other way round; adapters have no other side."""
    for group, other in ((CLIENT_PROVIDERS, ASYNC_CLIENT_PROVIDERS), (ASYNC_CLIENT_PROVIDERS, CLIENT_PROVIDERS)):
        said = refused("gateway", Catalogue((plugin(group=other),), (), ()), group)
        assert f"There is {with_article(NOUNS[other])} of that name." in said
    assert "of that name" not in refused("gateway", Catalogue((plugin(),), (), ()), ADAPTERS)


def test_what_was_found_says_who_is_trusted() -> None:
    """The distribution with its version, or this program."""
    assert str(found_plugin("gateway", plugin())) == "gateway from acme 1.0"
    trusted = find("edge.mod:f", CLIENT_PROVIDERS, NOTHING, Trust(modules=("edge.mod",)))
    assert str(trusted) == "edge.mod:f, trusted by this program"


def test_an_unknown_name_is_not_followed_by_the_list_twice() -> None:
    """What is close is suggested; else only what is installed is listed, once."""
    far, close = refused("zzz", Catalogue((plugin(),), (), ())), refused("gatewai", Catalogue((plugin(),), (), ()))
    assert far == "no client provider named 'zzz'. Installed: gateway."
    assert close == "no client provider named 'gatewai'. Did you mean 'gateway'? Installed: gateway."


@pytest.mark.parametrize(("length", "whole"), [(200, True), (201, False)])
def test_places_are_shown_up_to_two_hundred_characters(length: int, whole: bool) -> None:
    """Of duplicates, of what cannot be read and of what is ignored."""
    folder = "/" + "x" * (length - 1)
    first, second = plugin(location=folder), dataclasses.replace(plugin(location=folder), distribution="acme-two")
    said = [
        refused("gateway", Catalogue((first, second), (), ())),
        refused("zzz", Catalogue((), (BrokenDistribution(folder, "bad"),), ())),
        ignored(plugin(location=f"{folder}/acme-1.0.dist-info")),
    ]
    assert [folder in text for text in said] == [whole] * 3
    assert ["…" in text for text in said] == [not whole] * 3


def test_the_choice_among_duplicates_names_the_first() -> None:
    """In the order in which they are found."""
    first, second = plugin("gate-way"), dataclasses.replace(plugin("gate_way"), distribution="acme-two")
    assert refused("gate-way", Catalogue((first, second), (), ())).endswith("Say which: 'gate-way@acme'.")


def test_of_several_who_advertise_a_function_the_one_that_installed_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it stands among them; one alone is not looked for."""
    install(tmp_path, "a-first", point("one", "edge_mod:f"))
    install(tmp_path, "b-owner", point("two", "edge_mod:f"), {"edge_mod.py": "def f(): ...\n"})
    install(tmp_path, "c-last", point("three", "edge_mod:f"))
    monkeypatch.syspath_prepend(str(tmp_path))
    for order in permutations(catalogue(tmp_path).plugins):
        found = find("edge_mod:f", CLIENT_PROVIDERS, Catalogue(order, (), ()), Trust())
        assert found.plugin is not None
        assert found.plugin.distribution == "b-owner"
    assert "edge_mod" not in sys.modules


def test_where_none_of_them_installed_it_the_first_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The module lies beside them, and in nobody's RECORD."""
    install(tmp_path, "a-first", point("one", "stray_mod:f"))
    install(tmp_path, "b-last", point("two", "stray_mod:f"))
    (tmp_path / "stray_mod.py").write_text("def f(): ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for order in permutations(catalogue(tmp_path).plugins):
        with pytest.raises(ResolveError) as caught:
            find("stray_mod:f", CLIENT_PROVIDERS, Catalogue(order, (), ()), Trust())
        assert order[0].distribution in caught.value.message
        assert order[1].distribution not in caught.value.message


def test_a_module_that_needs_another_one_is_not_said_to_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the other one's name comes before or after in the alphabet."""
    monkeypatch.syspath_prepend(str(tmp_path))
    for other in ("aaa_needed", "zzz_needed"):
        (tmp_path / f"needs_{other}.py").write_text(f"import {other}\ndef f(): ...\n")
        found = find(f"needs_{other}:f", CLIENT_PROVIDERS, NOTHING, Trust(modules=(f"needs_{other}",)))
        with pytest.raises(ProviderError, match=f"it needs the module '{other}', which is not installed"):
            import_function(found)


def test_a_module_that_is_gone_is_said_to_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It, or the package that it is in."""
    monkeypatch.syspath_prepend(str(tmp_path))
    for module, missing in (("gone_mod", "gone_mod"), ("gone_pkg.mod", "gone_pkg")):
        found = find(f"{module}:f", CLIENT_PROVIDERS, NOTHING, Trust(modules=(module,)))
        with pytest.raises(ProviderError, match=f"no module '{missing}'. Is it on sys.path"):
            import_function(found)


class Options(BaseModel):
    """Some."""


def test_a_provider_with_two_parameters_has_no_model() -> None:
    """Wherever the annotated one stands."""

    def first(options: Options, other: int) -> None: ...

    def last(other: int, options: Options) -> None: ...

    for function in (first, last):
        with pytest.raises(ProviderError, match="takes "):
            options_model(function)  # type: ignore[arg-type]  # a function is what it is


def test_what_a_wrapper_says_of_what_it_wraps_does_not_count() -> None:
    """Its own parameters do."""

    def wrapped(options: Options) -> None: ...

    def wrapper() -> None: ...

    wrapper.__wrapped__ = wrapped  # type: ignore[attr-defined]
    assert options_model(wrapper) is None  # type: ignore[arg-type]  # as above
