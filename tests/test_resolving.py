"""References, and the catalogue beside broken neighbours."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from importlib_metadata import Distribution, distributions

import byoclient
from byoclient import ResolveError, Trust, TrustError
from byoclient.errors import shown
from byoclient.plugins import ADAPTERS, CLIENT_PROVIDERS, GROUPS, Catalogue, normalise, scan
from byoclient.references import NameReference, PathReference, parse_reference
from byoclient.resolve import find
from tests.support.installed import install, point

PLUGIN = Path(byoclient.__file__).parents[1]


def catalogue(*folders: Path) -> Catalogue:
    return scan(cast("Iterable[Distribution]", distributions(path=[str(folder) for folder in folders])))


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("azure_openai", NameReference("azure_openai")),
        ("acme-gateway", NameReference("acme-gateway")),
        ("gateway@acme.llm", NameReference("gateway", "acme.llm")),
        ("acme.llm:get_client", PathReference("acme.llm", "get_client")),
        ("acme.llm.get_client", PathReference("acme.llm", "get_client")),
    ],
)
def test_a_reference_is_a_name_a_name_in_a_distribution_or_a_path(text: str, parsed: object) -> None:
    """Told apart by `@`, `:` and `.`."""
    assert parse_reference(text) == parsed


def test_a_huge_reference_is_refused_without_being_quoted(tmp_path: Path) -> None:
    """Ten kilobytes of it."""
    with pytest.raises(ResolveError, match="a reference of 10240 characters"):
        find("x" * 10240, CLIENT_PROVIDERS, catalogue(tmp_path), Trust())


def test_trust_of_a_module_is_no_trust_of_its_twins(tmp_path: Path) -> None:
    """Prefixes, submodules and parents are other modules."""
    trust = Trust(modules=("myapp.llm",))
    assert find("myapp.llm:f", CLIENT_PROVIDERS, catalogue(tmp_path), trust).plugin is None
    for text in ("myapp.llm_evil:f", "myapp.llm.sub:f", "myapp:f", "myapp_llm:f"):
        with pytest.raises(TrustError):
            find(text, CLIENT_PROVIDERS, catalogue(tmp_path), trust)


def test_a_broken_neighbour_is_reported_and_harms_nobody(tmp_path: Path) -> None:
    """A line without '=', bytes that are not UTF-8, no METADATA."""
    install(tmp_path, "bad-line", f"[{CLIENT_PROVIDERS}]\nthis is no entry point\n")
    install(tmp_path, "bad-bytes", b"[x]\ny = \xff\xfe\n")
    install(tmp_path, "no-metadata", point("lost", "lost:f"), metadata=False)
    install(tmp_path, "good", point("good", "good_module:f"))
    found = catalogue(tmp_path)
    assert found.names(CLIENT_PROVIDERS) == ["good"]
    reasons = {Path(broken.path).name: broken.reason for broken in found.broken}
    assert reasons == {
        "bad_line-1.0.dist-info": "its entry_points.txt has a line without '='",
        "bad_bytes-1.0.dist-info": "its entry_points.txt is not UTF-8",
        "no_metadata-1.0.dist-info": "it has no METADATA with a name and a version",
    }
    with pytest.raises(ResolveError, match=r"Installed: good\. Not readable: .*bad_line"):
        find("lost", CLIENT_PROVIDERS, found, Trust())


def test_of_two_versions_of_one_distribution_the_first_on_the_path_counts(tmp_path: Path) -> None:
    """As for its modules."""
    for folder, version in (("first", "2.0"), ("second", "1.0")):
        (tmp_path / folder).mkdir()
        install(
            tmp_path / folder, "Acme_LLM" if version == "2.0" else "acme-llm", point("gw", "acme:f"), version=version
        )
    (plugin,) = catalogue(tmp_path / "first", tmp_path / "second").named(CLIENT_PROVIDERS, "gw")
    assert plugin.version == "2.0"


def test_a_name_in_two_distributions_is_refused_with_both(tmp_path: Path) -> None:
    """name@distribution says which; names are compared normalised."""
    install(tmp_path, "acme-llm", point("gate_way", "acme_llm:f"))
    install(tmp_path, "twin", point("Gate-Way", "twin:f"))
    found = catalogue(tmp_path)
    with pytest.raises(ResolveError) as caught:
        find("gate_way", CLIENT_PROVIDERS, found, Trust())
    assert "gate_way@acme-llm (1.0)" in str(caught.value)
    assert "Gate-Way@twin (1.0)" in str(caught.value)
    assert find("gate_way@Acme.LLM", CLIENT_PROVIDERS, found, Trust()).module == "acme_llm"
    with pytest.raises(ResolveError):
        find("gate_way@other", CLIENT_PROVIDERS, found, Trust())


def test_the_name_of_a_built_in_cannot_be_taken(tmp_path: Path) -> None:
    """Whoever else advertises it is listed as a squatter."""
    install(tmp_path, "byoclient", point("azure_openai", "byoclient.providers.azure_openai:client"), editable=PLUGIN)
    install(tmp_path, "evil", point("Azure-OpenAI", "evil:f"))
    found = catalogue(tmp_path)
    assert find("azure_openai", CLIENT_PROVIDERS, found, Trust()).is_built_in
    assert [plugin.distribution for plugin in found.squatters()] == ["evil"]


def test_a_hidden_older_copy_advertises_nothing(tmp_path: Path) -> None:
    """Its code is not what Python imports."""
    for folder, version in (("first", "2.0"), ("second", "1.0")):
        (tmp_path / folder).mkdir()
        install(tmp_path / folder, "acme", "" if version == "2.0" else point("gw", "acme:f"), version=version)
    assert catalogue(tmp_path / "first", tmp_path / "second").plugins == ()


def test_an_editable_install_is_one_distribution(tmp_path: Path) -> None:
    """It shows as .dist-info in site-packages and as .egg-info beside its sources."""
    (tmp_path / "site").mkdir()
    (tmp_path / "src" / "ed_acme.egg-info").mkdir(parents=True)
    install(tmp_path / "site", "ed-acme", point("gw", "acme:f"))
    for name, content in (
        ("PKG-INFO", "Metadata-Version: 2.1\nName: ed-acme\nVersion: 1.0\n"),
        ("entry_points.txt", point("gw", "acme:f")),
    ):
        (tmp_path / "src" / "ed_acme.egg-info" / name).write_text(content)
    assert len(catalogue(tmp_path / "site", tmp_path / "src").named(CLIENT_PROVIDERS, "gw")) == 1


def test_what_pip_leaves_behind_is_passed_over(tmp_path: Path) -> None:
    """A folder `~name` of an interrupted uninstall, with the metadata of what was there."""
    install(tmp_path, "acme", point("gw", "acme:f"), version="2.0")
    install(tmp_path, "acme", point("gw", "acme:f"))
    (tmp_path / "acme-1.0.dist-info").rename(tmp_path / "~cme-1.0.dist-info")
    (plugin,) = catalogue(tmp_path).plugins
    assert plugin.version == "2.0"


def test_a_distribution_that_calls_itself_byoclient_is_no_built_in(tmp_path: Path) -> None:
    """Built-ins are imported by a check, so their modules have to be byoclient's."""
    install(tmp_path, "zzz", point("newone", "evil:f"))
    (tmp_path / "zzz-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: byoclient\nVersion: 1.0\n")
    found = catalogue(tmp_path)
    assert found.plugins == ()
    assert [broken.reason for broken in found.broken] == ["it calls itself byoclient, and is not the one that runs"]


def test_spaces_and_extras_of_an_entry_point_are_no_part_of_the_path(tmp_path: Path) -> None:
    """The syntax allows both."""
    install(tmp_path, "acme", point("gw", "acme.llm : f [extra]"))
    assert find("gw", CLIENT_PROVIDERS, catalogue(tmp_path), Trust()).attribute == "f"


@pytest.mark.parametrize("value", ["os:system", "acme:a.b", "acme", "acme:_private", "byoclient.clients:load"])
def test_an_entry_point_is_held_to_the_rules_of_a_dotted_path(value: str, tmp_path: Path) -> None:
    """A distribution cannot advertise the standard library or byoclient."""
    install(tmp_path, "acme", point("gw", value))
    with pytest.raises(ResolveError):
        find("gw", CLIENT_PROVIDERS, catalogue(tmp_path), Trust())


def test_an_advertised_path_resolves_only_in_its_own_group(tmp_path: Path) -> None:
    """A sync provider is no async one, and no adapter."""
    install(tmp_path, "acme", point("gw", "acme.llm:f"))
    found = catalogue(tmp_path)
    assert find("acme.llm.f", CLIENT_PROVIDERS, found, Trust()).plugin is not None
    for group in GROUPS:
        if group not in (CLIENT_PROVIDERS, ADAPTERS):
            with pytest.raises(TrustError):
                find("acme.llm.f", group, found, Trust())


LOOKS_LIKE_ONE = st.text(alphabet="aZ0_-.:@/ \n\u0430\uff41\u200b", max_size=30)


@given(LOOKS_LIKE_ONE | st.text(max_size=300))
@example("os:system")
@example("byoclient.x:y")
@example("\u0430zure_openai")
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    """What is let through is ASCII, says nothing that was not in the text, and is neither private nor forbidden."""
    try:
        parsed = parse_reference(text)
    except ResolveError:
        return
    assert text.isascii()
    if isinstance(parsed, NameReference):
        assert text == parsed.name + (f"@{parsed.distribution}" if parsed.distribution else "")
        return
    assert text in (f"{parsed.module}:{parsed.attribute}", f"{parsed.module}.{parsed.attribute}")
    parts = [*parsed.module.split("."), parsed.attribute]
    assert all(part.isidentifier() and not part.startswith("_") for part in parts)
    assert parts[0] not in sys.stdlib_module_names | {"byoclient"}
    assert parse_reference(str(parsed)) == parsed


@given(st.text(max_size=30), st.text(max_size=30))
def test_names_that_are_one_when_normalised_stay_one(one: str, other: str) -> None:
    """Normalising twice is normalising once, and how a separator is written makes no difference."""
    assert normalise(normalise(one)) == normalise(one)
    assert len({normalise(f"{one}{separator}{other}") for separator in ("-", "_", ".", "-_.")}) == 1


@given(st.text(max_size=200))
def test_what_is_shown_of_a_name_is_printable_and_short(text: str) -> None:
    """On a terminal too."""
    assert shown(text).isprintable()
    assert len(shown(text)) <= 80 * 10 + 1


def test_a_huge_reference_just_within_the_limit_is_read(tmp_path: Path) -> None:
    """The limit is exact."""
    assert parse_reference("x" * 200) == NameReference("x" * 200)
    with pytest.raises(ResolveError, match="a reference of 201 characters"):
        parse_reference("x" * 201)


@pytest.mark.parametrize("text", ["a:b@c", "a@b@c", "@acme", "acme@", "-a@b", "a@-b", "a.b@c", "", "a ", "a@b "])
def test_what_only_looks_like_a_name_is_none(text: str) -> None:
    """Both sides of `@` have to be names."""
    with pytest.raises(ResolveError, match="is not a reference"):
        parse_reference(text)
