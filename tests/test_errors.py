"""Errors travel: between processes, and through copies."""

from __future__ import annotations

import copy
import pickle

import pytest

import byoclient
from byoclient.errors import ConfigErrors, PlacedError
from tests.conftest import Write

PLACED = (byoclient.TrustError, byoclient.ProviderError, byoclient.CredentialError, byoclient.AdapterError)


@pytest.mark.parametrize("kind", PLACED)
def test_an_error_keeps_its_place_when_it_is_pickled_or_copied(kind: type[PlacedError]) -> None:
    """File, line, key and message."""
    error = kind("wrong.", file="a.yaml", line=3, key="options.x")
    for other in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert (type(other), str(other), vars(other)) == (kind, "a.yaml:3: options.x: wrong.", vars(error))


def test_several_errors_keep_each(write: Write) -> None:
    """Of one file."""
    with pytest.raises(ConfigErrors) as caught:
        byoclient.load(write("model: x\nclient_provider: nobody\nfoo: 1\n"))
    other = pickle.loads(pickle.dumps(caught.value))
    assert str(other) == str(caught.value)
    assert [error.line for error in other.errors] == [2, 3]


def test_a_key_is_shown_printable_and_not_without_end(write: Write) -> None:
    """A terminal would obey its escapes."""
    with pytest.raises(byoclient.ConfigError) as caught:
        byoclient.load(write('model: x\nclient_provider: emulator\n"a\\e[31m\\nb": 1\n'))
    assert "a\\x1b[31m\\nb: unknown key" in str(caught.value)
    with pytest.raises(byoclient.ConfigError) as caught:
        byoclient.load(write(f"model: x\nclient_provider: emulator\n{'k' * 900}: 1\n"))
    assert len(str(caught.value)) < 300
