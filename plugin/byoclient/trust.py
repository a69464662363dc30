"""What the calling program allows a YAML file to do. Nothing in a file or in the environment widens it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from ipaddress import ip_address

ALWAYS_READABLE = ("AZURE_*", "OPENAI_*", "BYOCLIENT_*")

_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(:[A-Za-z_]\w*)?", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_]\w*\*?", re.ASCII)
_HOST = r"(?P<host>[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
_TRUSTED_HOST = re.compile(rf"((?P<scheme>https?)://)?{_HOST}(:(?P<port>\d{{1,5}}))?/?", re.ASCII)
_URL = re.compile(rf"(?P<scheme>https?)://{_HOST}(:(?P<port>\d{{1,5}}))?(?P<path>/[!-~]*)?", re.ASCII | re.I)
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request goes: the part of a URL that decides who can read it."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _PORTS.get(self.scheme) else f":{self.port}")

    @property
    def is_loopback(self) -> bool:
        """True for http(s) to `localhost` and to literal loopback addresses; no name is looked up."""
        if self.scheme not in _PORTS:
            return False
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_origin(url: str) -> Origin | None:
    """Return the origin of an absolute http(s) URL, or None where its host could be read in two ways.

    Strict on purpose: userinfo, backslashes, control characters, letters beyond ASCII, queries and fragments
    are refused, so that no other parser can see another host in the same text.
    """
    match = _URL.fullmatch(url)
    if match is None or re.search(r"[\\?#]", match["path"] or ""):
        return None
    return _origin(match["scheme"].lower(), match["host"], match["port"])


def _origin(scheme: str, host: str, port: str | None) -> Origin | None:
    number = int(port) if port else _PORTS[scheme]
    if not 0 < number < 65536 or ".." in host:
        return None
    return Origin(scheme, host.strip("[]").lower(), number)


@dataclass(frozen=True, slots=True)
class Trust:
    """What the calling program allows beyond the defaults; passed to `load()`, never read from a file.

    Args:
        modules: modules (`"acme.llm"`) or functions (`"acme.llm:get_client"`) that a YAML file may name as a
            client provider although no installed distribution advertises them. Exact: no prefixes.
        hosts: hosts that may receive API keys and tokens beside those of the Azure clouds. A bare name
            (`"llm.contoso.com"`) stands for https on any port; with a scheme and port it stands exactly so.
            A host written with `http://` may receive API keys, never an Entra token.
        env: environment variables that `${VAR}` may read beside `AZURE_*`, `OPENAI_*` and `BYOCLIENT_*`; exact
            names, or a beginning that ends in `*`.

    Raises:
        TypeError: a field is one text instead of a tuple of texts.
        ValueError: an entry is malformed.
    """

    modules: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    env: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field, pattern in zip(fields(self), (_MODULE, _TRUSTED_HOST, _VARIABLE), strict=True):
            values = getattr(self, field.name)
            if isinstance(values, str) or not isinstance(values, Iterable):
                raise TypeError(f"Trust({field.name}=…) takes a tuple of texts, such as ({values!r},)")
            values = tuple(values)
            for value in values:
                if not isinstance(value, str) or not pattern.fullmatch(value):
                    raise ValueError(f"Trust({field.name}=…): {value!r} is malformed. {_HINTS[field.name]}")
            object.__setattr__(self, field.name, values)

    def allows_module(self, module: str, attribute: str) -> bool:
        """Whether a file may name this function although nobody advertises it."""
        return module in self.modules or f"{module}:{attribute}" in self.modules

    def allows_variable(self, name: str) -> bool:
        """Whether `${name}` may be read from the environment."""
        return any(
            name.startswith(allowed[:-1]) if allowed.endswith("*") else name == allowed
            for allowed in (*ALWAYS_READABLE, *self.env)
        )

    def allows_host(self, origin: Origin) -> bool:
        """Whether `hosts` names this origin."""
        return any(_names(host, origin) for host in self.hosts)


_HINTS = {
    "modules": "Name a module ('acme.llm') or a function ('acme.llm:get_client').",
    "hosts": "Name a host ('llm.contoso.com') or an origin ('http://vllm.internal:8000'); no '*', no path.",
    "env": "Name a variable ('ACME_KEY') or a beginning ('ACME_*').",
}


def _names(trusted: str, origin: Origin) -> bool:
    match = _TRUSTED_HOST.fullmatch(trusted)
    assert match is not None  # noqa: S101  (Trust refuses what does not match)
    if match["scheme"] or match["port"]:
        return _origin(match["scheme"] or "https", match["host"], match["port"]) == origin
    return origin.scheme == "https" and origin.host == match["host"].strip("[]").lower()
