"""Strict YAML: what stays text, what is refused, and at which cost."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byoclient import ConfigError
from byoclient.config.reading import MAX_BYTES, Reader, read_file
from tests.conftest import Write


def data(text: str) -> object:
    return Reader("llm.yaml", text).read().data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-10-21", "2024-10-21"),
        ("2024-10-21T10:00:00Z", "2024-10-21T10:00:00Z"),
        ("no", "no"),
        ("on", "on"),
        ("010", "010"),
        ("0x10", "0x10"),
        ("22:22", "22:22"),
        ("1_000", "1_000"),
        ("9" * 5000, "9" * 5000),
        (".inf", ".inf"),
        ("'true'", "true"),
        ('"12"', "12"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("1.5", 1.5),
        ("2e3", 2000.0),
    ],
)
def test_only_plain_numbers_true_false_and_null_are_no_text(text: str, value: object) -> None:
    """Dates, `no`, octal, sexagesimal and huge numbers stay what was typed."""
    assert data(f"key: {text}") == {"key": value}
    assert type(data(f"key: {text}")["key"]) is type(value)  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\na: 2", 2, "the key 'a' stands here and on line 1"),
        ("a: &x 1\nb: 2", 1, "an anchor"),
        ("a: 1\nb: *x", 2, "an alias"),
        ("a: 1\n<<: {b: 2}", 2, "a merge key"),
        ("a: !!python/object/apply:os.system [id]", 1, "a tag"),
        ("a: !secret x", 1, "a tag"),
        ("? [a]\n: 1", 1, "a key is a list or a mapping"),
        ("a: 1\n---\nb: 2", 2, "a second document begins"),
        ("a: [1", 2, r"not YAML at column 1: did not find expected ',' or '\]'"),
        ("a:\n\t- b", 2, "not YAML"),
        ('a: "\x01"', 1, "not YAML"),
        ("[" * 100_000, 1, "too much"),
        ("{a: " * 100_000, 1, "too much"),
        ("a: [" + "1, " * 20_000 + "]", 1, "too much"),
    ],
)
def test_what_strict_yaml_refuses(text: str, line: int, message: str) -> None:
    """Each with its line."""
    with pytest.raises(ConfigError, match=message) as caught:
        data(text)
    assert caught.value.line == line


def test_a_file_that_is_too_large_is_not_read_whole(write: Write) -> None:
    """One byte over the limit."""
    with pytest.raises(ConfigError, match=f"larger than {MAX_BYTES} bytes"):
        read_file(write("#" * (MAX_BYTES + 1)))


def test_a_byte_order_mark_is_no_part_of_the_first_key(write: Write) -> None:
    """Editors on Windows write one."""
    assert read_file(write(b"\xef\xbb\xbfmodel: x\n")).data == {"model": "x"}


def test_a_quoted_merge_key_is_a_key() -> None:
    """Only the plain one merges."""
    assert data("'<<': 1") == {"<<": 1}


def test_a_syntax_error_never_quotes_the_line() -> None:
    """PyYAML's own message would."""
    with pytest.raises(ConfigError) as caught:
        data("api_key: 'canary-31\nother: [")
    assert "canary" not in str(caught.value)


@given(st.binary(max_size=400) | st.text(alphabet="ab:{}[]&*!|>'\"<-? \n\t#%@,", max_size=80).map(str.encode))
def test_any_bytes_are_data_or_our_error(content: bytes) -> None:
    """Nothing else comes out."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "llm.yaml"
        path.write_bytes(content)
        with suppress(ConfigError):
            assert isinstance(read_file(path).data, dict)
