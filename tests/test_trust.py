"""`Trust`: exact names, no prefixes, nothing malformed."""

from __future__ import annotations

import pytest

from byoclient import Trust
from byoclient.trust import Origin, parse_origin


@pytest.mark.parametrize(
    "arguments",
    [
        {"modules": ("",)},
        {"modules": ("acme.",)},
        {"modules": ("acme.*",)},
        {"modules": ("acme:f.g",)},
        {"modules": ("acme llm",)},
        {"hosts": ("*.contoso.com",)},
        {"hosts": ("https://contoso.com/path",)},
        {"hosts": ("https://user@contoso.com",)},
        {"hosts": ("ftp://contoso.com",)},
        {"hosts": ("",)},
        {"env": ("",)},
        {"env": ("A B",)},
        {"env": ("*",)},
        {"modules": (5,)},
    ],
)
def test_a_malformed_entry_is_refused_when_it_is_written(arguments: dict[str, tuple[str, ...]]) -> None:
    """Not when it first fails to match."""
    with pytest.raises(ValueError, match="is malformed"):
        Trust(**arguments)


def test_one_text_is_no_tuple() -> None:
    """Trust(hosts=("x")) would trust five letters."""
    with pytest.raises(TypeError, match="takes a tuple of texts"):
        Trust(hosts="llm.contoso.com")  # type: ignore[arg-type]


def test_modules_are_exact() -> None:
    """A module, or one function of it."""
    trust = Trust(modules=("acme.llm", "other:get"))
    assert trust.allows_module("acme.llm", "anything")
    assert trust.allows_module("other", "get")
    assert not trust.allows_module("other", "got")
    assert not trust.allows_module("acme", "llm")
    assert not trust.allows_module("acme.llm.sub", "f")
    assert not trust.allows_module("acme.llm_evil", "f")


@pytest.mark.parametrize(
    ("host", "origin", "allowed"),
    [
        ("h.com", Origin("https", "h.com", 8443), True),
        ("h.com", Origin("http", "h.com", 80), False),
        ("https://h.com", Origin("https", "h.com", 443), True),
        ("https://h.com", Origin("https", "h.com", 8443), False),
        ("https://h.com/", Origin("https", "h.com", 443), True),
        ("h.com:8443", Origin("https", "h.com", 8443), True),
        ("http://h.com:80", Origin("http", "h.com", 80), True),
        ("[fd00::1]", Origin("https", "fd00::1", 443), True),
        ("H.COM", Origin("https", "h.com", 443), True),
        ("h.com", Origin("https", "x.h.com", 443), False),
    ],
)
def test_a_host_stands_by_name_or_with_scheme_and_port(host: str, origin: Origin, allowed: bool) -> None:
    """By name: https on any port. With a scheme or port: exactly so."""
    assert Trust(hosts=(host,)).allows_host(origin) is allowed


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost.evil.com", False),
        ("127.0.0.1.nip.io", False),
        ("0.0.0.0", False),
        ("2130706433", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback_is_what_is_written_as_loopback(host: str, loopback: bool) -> None:
    """No name is looked up for it."""
    assert Origin("http", host, 80).is_loopback is loopback


@pytest.mark.parametrize(
    "url",
    [
        "",
        "contoso.com",
        "//contoso.com",
        "https://",
        "https://a@b.com",
        "https://a:b@b.com",
        "https://a.com\\@b.com",
        "https://a.com:0",
        "https://a.com:65536",
        "https://a.com:",
        "https://a..com",
        "https://a.com\n",
        "https://a.com?x",
        "https://a.com/x?y",
        "https://a.com#x",
        "https://\u0430.com",
        "https://a.com/\u0430",
        "https://a.com /x",
        "https://-a.com",
        "javascript:x",
        "https:a.com",
        "https:///a.com",
    ],
)
def test_a_url_that_could_be_read_in_two_ways_has_no_origin(url: str) -> None:
    """So that no other parser sees another host in it."""
    assert parse_origin(url) is None


def test_an_origin_has_the_default_port_and_prints_without_it() -> None:
    """Lower case, too."""
    assert parse_origin("HTTPS://Contoso.COM/openai") == Origin("https", "contoso.com", 443)
    assert str(Origin("https", "contoso.com", 443)) == "https://contoso.com"
    assert str(Origin("http", "::1", 8000)) == "http://[::1]:8000"
