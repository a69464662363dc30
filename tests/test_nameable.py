"""Which of byoclient's own functions and classes a YAML file may lead to: a new one fails until it is on the list."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import byoclient
from byoclient import ResolveError, Trust
from byoclient.plugins import CLIENT_PROVIDERS, Catalogue, scan
from byoclient.resolve import find

PACKAGE = Path(byoclient.__file__).parent
LIST = Path(__file__).with_name("nameable.txt")
CAREFUL = "Decide: a function that is advertised in pyproject.toml is 'yes', everything else 'no'."


def public_callables() -> Iterator[str]:
    """Yield `module:name` of each public function and class at the top of a file."""
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name[0] != "_":
                yield f"{module}:{node.name}"


def listed(answer: str) -> set[str]:
    """Return `module:name` of all that the list answers with yes, or with no."""
    lines = (line.split() for line in LIST.read_text().splitlines() if line and line[0] != "#")
    return {f"{module}:{name}" for said, module, *names in lines for name in names if said == answer}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """What is installed here: byoclient."""
    return scan()


def test_each_public_callable_is_on_the_list() -> None:
    """With yes or no, and not with both; what is gone is taken off."""
    yes, no, there = listed("yes"), listed("no"), set(public_callables())
    assert sorted(there - yes - no) == [], CAREFUL
    assert sorted((yes | no) - there) == [], f"Take it off {LIST.name}."
    assert yes & no == set()


def test_what_may_be_named_is_what_is_advertised(catalogue: Catalogue) -> None:
    """Each by its entry point."""
    built_in = {plugin.value.removeprefix("byoclient.") for plugin in catalogue.plugins if plugin.is_built_in}
    assert built_in == listed("yes")


def test_nothing_of_byoclient_may_be_named_by_its_path(catalogue: Catalogue) -> None:
    """Even what may be named by its name, and whatever the program trusts."""
    for path in public_callables():
        module = path.partition(":")[0]
        with pytest.raises(ResolveError, match="is byoclient's own"):
            find(f"byoclient.{path}", CLIENT_PROVIDERS, catalogue, Trust(modules=(f"byoclient.{module}",)))
