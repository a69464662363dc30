"""Strict YAML: what stays text, what is refused, and at which cost."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from byoclient import ConfigError
from byoclient.config import reading
from byoclient.config.files import MAX_BYTES
from byoclient.config.reading import MAX_DEPTH, MAX_KEY, MAX_NODES, MAX_SCALAR, Reader, read_file
from tests.conftest import Write
from tests.support.memory import PEAK


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
        ("1e999", "1e999"),
        ("-1e400", "-1e400"),
        ("1e", "1e"),
        ("1.", "1."),
        (".5", ".5"),
        ("+12", 12),
        ("-0", 0),
        ("00", "00"),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, "9" * 19),
        ("1." + "0" * 18, 1.0),
        ("1." + "0" * 19, "1." + "0" * 19),
        ("True", True),
        ("TRUE", "TRUE"),
        ("NULL", "NULL"),
        ("Null", None),
        ("~", None),
        ("yes", "yes"),
        ("0o17", "0o17"),
        ("=", "="),
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
    ("text", "place", "message"),
    [
        ("a: 1\na: 2", (2, 1), "the key 'a' stands here and on line 1. Keep one of them."),
        ("x:\n  - b: 1\n    b: 2", (3, 5), "the key 'b' stands here and on line 2. Keep one of them."),
        ("a: &x 1\nb: 2", (1, 4), "an anchor ('&'). Write the value out where it is needed."),
        ("&x a: 1", (1, 1), "an anchor ('&'). Write the value out where it is needed."),
        ("a: &x [1]", (1, 4), "an anchor ('&'). Write the value out where it is needed."),
        ("a: 1\nb: *x", (2, 4), "an alias ('*'). Write the value out."),
        ("*x : 1", (1, 1), "an alias ('*'). Write the value out."),
        ("a: 1\n<<: {b: 2}", (2, 1), "a merge key ('<<'). Write the keys out."),
        ("a: !!python/object/apply:os.system [id]", (1, 4), "a tag ('!'). Take it away; values need none."),
        ("a: !secret x", (1, 4), "a tag ('!'). Take it away; values need none."),
        ("a: ! x", (1, 4), "a tag ('!'). Take it away; values need none."),
        ("!x a: 1", (1, 1), "a tag ('!'). Take it away; values need none."),
        ("a: !!str x", (1, 4), "a tag ('!'). Take it away; values need none."),
        ("%TAG ! tag:x:\n---\na: 1", (1, 1), "a directive ('%TAG'). Take it away; values need no tags."),
        ("? [a]\n: 1", (1, 3), "a key is a list or a mapping. Write a plain word."),
        ("? {a: 1}\n: 1", (1, 3), "a key is a list or a mapping. Write a plain word."),
        ("'': 1", (1, 1), f"a key of 0 characters. It has 1 to {MAX_KEY}."),
        ("a:\n  " + "k" * (MAX_KEY + 1) + ": 1", (2, 3), f"a key of {MAX_KEY + 1} characters. It has 1 to {MAX_KEY}."),
        (f"a: {'x' * (MAX_SCALAR + 1)}", (1, 4), f"a text of {MAX_SCALAR + 1} characters. At most {MAX_SCALAR} may"),
        ("a: 1\n---\nb: 2", (2, 1), "a second document begins. A file holds one; several LLMs go under 'llms:'."),
        ("a: [1", (2, 1), "not YAML: did not find expected ',' or ']'."),
        ("a:\n\t- b", (2, 1), "not YAML: found character that cannot start any token. Indent with spaces, not"),
        ('a: "\x01"', (1, 5), "not YAML: a character that may not stand in a file."),
        ('a: "\\0"', (1, 4), "an escape of NUL, or of half a character. Take it away."),
        ('"a\\0": 1', (1, 1), "an escape of NUL, or of half a character. Take it away."),
        ('a: "\\ud800"', (1, 7), "not YAML: found invalid Unicode character escape code."),
        ("a: b: c", (1, 5), "not YAML: mapping values are not allowed in this context."),
        ("[" * 40 + "]" * 40, (1, 34), "too much: at most 32 levels and 10000 values. Split the file."),
        ("- " * 40, (1, 67), "too much: at most 32 levels and 10000 values. Split the file."),
        ("a: [" + "1, " * 20_000 + "]", (1, 29996), "too much: at most 32 levels and 10000 values. Split the file."),
        ("- 1", (1, 1), "should hold keys and values. Found a list."),
        ("text", (1, 1), "should hold keys and values. Found text."),
        ("5", (1, 1), "should hold keys and values. Found a number."),
        ("true", (1, 1), "should hold keys and values. Found true or false."),
        ("a: @x", (1, 4), "not YAML: found character that cannot start any token."),
        ("a: %x", (1, 4), "not YAML: found character that cannot start any token."),
    ],
)
def test_what_strict_yaml_refuses(text: str, place: tuple[int, int], message: str) -> None:
    """Each with its line and column."""
    with pytest.raises(ConfigError) as caught:
        data(text)
    assert caught.value.message.startswith(message)
    assert ("tabs" in caught.value.message) == ("\t" in text)
    assert (caught.value.line, caught.value.column) == place
    assert str(caught.value).startswith(f"llm.yaml:{place[0]}:{place[1]}: ")


def test_the_limits_are_exact() -> None:
    """What is just within them is read."""
    nested = "{a: " * (MAX_DEPTH - 1) + "1" + "}" * (MAX_DEPTH - 1)
    assert data(f"a: {nested}")
    with pytest.raises(ConfigError, match="too much"):
        data(f"a: {{a: {nested}}}")
    items = (MAX_NODES - 3) * "1,"
    assert len(data(f"a: [{items}]")["a"]) == MAX_NODES - 3  # type: ignore[index]
    with pytest.raises(ConfigError, match="too much"):
        data(f"a: [{items}1]")
    assert data(f"{'k' * MAX_KEY}: {'x' * MAX_SCALAR}")


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        (b"a: 1\nb: \xff", (2, 4), "is not UTF-8. Save it as UTF-8."),
        (b"a: 1\r\nb: caf\xe9", (2, 7), "is not UTF-8. Save it as UTF-8."),
        (b"a: 1\rb: \xed\xa0\x80", (2, 4), "is not UTF-8. Save it as UTF-8."),
        ("a: 1".encode("utf-16"), (1, 1), "is not UTF-8. Save it as UTF-8."),
        ("a: 1".encode("utf-16-le"), (1, 2), "not YAML: "),
        ("a: 1".encode("utf-32"), (1, 1), "is not UTF-8. Save it as UTF-8."),
        (b"a: b\0", (1, 5), "not YAML: "),
        (b"a: 1\r\nb: \x07", (2, 4), "not YAML: "),
        ("a: x\u2028b: 1".encode(), (1, 5), "holds the invisible character U+2028."),
        ("a: x\u2029b: 1".encode(), (1, 5), "holds the invisible character U+2029."),
        ("# x\u0085b: 1".encode(), (1, 4), "holds the invisible character U+0085."),
        ("a: 1\n\ufeffb: 1".encode(), (2, 1), "holds the invisible character U+FEFF."),
        ("a: 1\n# \u202eevil".encode(), (2, 3), "holds the invisible character U+202E."),
        ("a: 1\n# \u2066evil".encode(), (2, 3), "holds the invisible character U+2066."),
        (b"a: 1\r\nb: 1\r\na: 2", (3, 1), "the key 'a' stands here and on line 1."),
        (b"a: 1\rb: 1\ra: 2", (3, 1), "the key 'a' stands here and on line 1."),
    ],
)
def test_bytes_that_no_strict_file_holds(content: bytes, place: tuple[int, int], message: str, write: Write) -> None:
    """Other encodings, control characters, what ends lines or turns text without being seen; counted as editors do."""
    with pytest.raises(ConfigError) as caught:
        read_file(write(content))
    assert caught.value.message.startswith(message)
    assert (caught.value.line, caught.value.column) == place


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_way_to_end_a_line_is_read(ending: str, write: Write) -> None:
    """Unix, Windows, and old."""
    section = read_file(write(f"a: 1{ending}b:{ending}  - x{ending}"))
    assert section.data == {"a": 1, "b": ["x"]}
    assert section.line("b", 0) == 3


@pytest.mark.skipif(os.name != "posix", reason="files have other rights there")
def test_a_section_knows_whether_others_may_read_its_file(tmp_path: Path) -> None:
    """By the rights of a regular file; what was never a file is not public."""
    path = tmp_path / "llm.yaml"
    path.write_text("a: {b: 1}")
    for mode, public in ((0o600, False), (0o400, False), (0o700, False), (0o640, True), (0o601, True), (0o602, True)):
        path.chmod(mode)
        section = read_file(path)
        assert (section.public, section.child("a").public) == (public, public)
    assert not Reader("llm.yaml", "a: 1").read().public
    reading, writing = os.pipe()
    os.write(writing, b"a: 1")
    os.close(writing)
    assert not read_file(f"/dev/fd/{reading}").public
    os.close(reading)


def test_escapes_of_what_is_invisible_are_text() -> None:
    """Whoever writes them out means them."""
    assert data(r'a: "\u2028\N\u202e\ufeff\U0001f600\t"') == {"a": "\u2028\x85\u202e\ufeff\U0001f600\t"}


def test_a_pure_python_parser_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML may have been built without its C library."""
    monkeypatch.setattr(reading, "_LOADER", yaml.SafeLoader)
    assert data("a: {b: [1, x]}") == {"a": {"b": [1, "x"]}}
    for text in ('a: "\\ud800"', "a: &x 1", "[" * 1_000, "a: [1", "a: \x01", "a: 1\na: 2"):
        with pytest.raises(ConfigError) as caught:
            data(text)
        assert caught.value.line
        assert caught.value.column


HOSTILE = {
    "aliases": "a: &a [x,x]\n" + "".join(f"{c}: &{c} [*{p},*{p}]\n" for p, c in pairwise("abcdefghijklmnopqrst")),
    "merges": "a: &a {x: 1}\n" + "".join(f"{c}: &{c} {{<<: [*{p},*{p}]}}\n" for p, c in pairwise("abcdefghijkl")),
    "nesting": "[" * MAX_BYTES,
    "brackets and braces": "[{a: " * (MAX_BYTES // 6),
    "blocks": "".join(" " * i + "a:\n" for i in range(700)),
    "question marks": "? " * (MAX_BYTES // 2),
    "keys": "".join(f"k{i}: 1\n" for i in range(24_000)),
    "one text": "a: " + "x" * (MAX_BYTES - 4),
    "lines of text": "a: |\n" + "  x\n" * (MAX_BYTES // 5),
    "quotes": "a: '" + "''" * (MAX_BYTES // 2 - 4) + "'",
    "escapes": 'a: "' + r"\x41" * (MAX_BYTES // 4 - 4) + '"',
    "digits": "a: " + "9" * (MAX_BYTES - 4),
    "comments": "#\n" * (MAX_BYTES // 2),
    "documents": "---\n" * (MAX_BYTES // 4),
    "anchors": "&" * MAX_BYTES,
    "tags": "a: " + "!" * (MAX_BYTES - 4),
    "unclosed": 'a: "' + "x" * (MAX_BYTES - 5),
    "commas": "a: [" + "," * (MAX_BYTES - 6) + "]",
    "directives": "%YAML 1.1\n" * (MAX_BYTES // 10),
    "spaces": " " * MAX_BYTES,
    "tabs": "\t" * MAX_BYTES,
}
MEASURE = f"""{PEAK}
from contextlib import suppress
from pathlib import Path
from byoclient.config.reading import read_file
from byoclient.errors import ConfigError
before = peak()
for path in sorted(Path(sys.argv[1]).iterdir()):
    with suppress(ConfigError):
        read_file(path)
        print("accepted", path.name)
print(peak() - before, "KiB")
"""


def test_no_hostile_file_costs_more_than_64_mib(tmp_path: Path) -> None:
    """All of them one after the other, in a process whose peak is measured; each is refused."""
    for name, text in HOSTILE.items():
        (tmp_path / name).write_text(text[:MAX_BYTES])
    done = subprocess.run([sys.executable, "-c", MEASURE, str(tmp_path)], capture_output=True, text=True, check=True)
    *accepted, peak = done.stdout.splitlines()
    assert accepted == ["accepted escapes"]  # just what may stand in one place
    assert int(peak.split()[0]) < 64 * 1024


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
