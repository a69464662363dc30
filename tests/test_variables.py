"""`${VAR}` in values."""

from __future__ import annotations

import pytest

from byoclient import Trust, TrustError
from byoclient.config.section import Section
from byoclient.config.variables import Substitution

ENVIRON = {"AZURE_A": "a", "AZURE_EMPTY": "", "ACME_KEY": "k", "HOME": "/home", "AZURE_NESTED": "${AZURE_A}"}


def applied(value: object, trust: Trust | None = None) -> tuple[object, list[str]]:
    section = Section("f.yaml", {"key": value}, {("key",): 1})
    substitution = Substitution(section, trust or Trust(), ENVIRON)
    result = substitution.apply(section.data)
    assert isinstance(result, dict)
    return result["key"], [str(error) for error in substitution.errors]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${AZURE_A}", "a"),
        ("https://${AZURE_A}.com/${AZURE_A}", "https://a.com/a"),
        ("${AZURE_NONE:-b}", "b"),
        ("${AZURE_EMPTY:-b}", "b"),
        ("${AZURE_EMPTY}", ""),
        ("${AZURE_NONE:-}", ""),
        ("$${AZURE_A}", "${AZURE_A}"),
        ("${AZURE_NESTED}", "${AZURE_A}"),
        ("$AZURE_A costs $5", "$AZURE_A costs $5"),
        (["${AZURE_A}", {"x": "${AZURE_A}"}], ["a", {"x": "a"}]),
        (5, 5),
    ],
)
def test_values_are_replaced_and_what_they_bring_is_not_replaced_again(text: object, value: object) -> None:
    """As in a shell: `:-` also stands in for an empty one; `$${` is a plain `${`."""
    assert applied(text) == (value, [])


def test_keys_are_never_replaced() -> None:
    """Only values are."""
    assert applied({"${AZURE_A}": 1}) == ({"${AZURE_A}": 1}, [])


@pytest.mark.parametrize("text", ["${}", "${AZURE A}", "${AZURE_A", "${1A}", "${AZURE_A:?x}", "${\u0410ZURE}"])
def test_a_malformed_variable_is_reported(text: str) -> None:
    """And not left as it is."""
    (error,) = applied(text)[1]
    assert error.startswith("f.yaml:1: key: a malformed variable.")


def test_other_variables_need_the_programs_trust() -> None:
    """By their name, or by a beginning that ends in `*`."""
    assert len(applied("${ACME_KEY} ${HOME}")[1]) == 2
    assert applied("${ACME_KEY}", Trust(env=("ACME_KEY",))) == ("k", [])
    assert applied("${ACME_KEY}", Trust(env=("ACME_*",))) == ("k", [])
    assert len(applied("${ACME_KEY}", Trust(env=("ACME",)))[1]) == 1


def test_a_default_does_not_widen_trust() -> None:
    """A variable that may not be read is an error with a default too."""
    section = Section("f.yaml", {}, {})
    substitution = Substitution(section, Trust(), ENVIRON)
    assert substitution.apply("${HOME:-x}") == ""
    assert isinstance(substitution.errors[0], TrustError)
