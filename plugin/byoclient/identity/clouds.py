"""The Azure clouds: where Entra ID lives, what tokens are asked for, and which hosts may receive them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from byoclient.trust import Origin

CloudName = Literal["public", "us_government", "china"]

# No empty label, and no character that somebody could read as the end of a host. Letters beyond ASCII come from names
# in punycode, which the HTTP libraries show decoded.
_LABEL = r"[A-Za-z0-9\u0080-\U0010ffff-]+"
_LABELS = re.compile(rf"{_LABEL}(\.{_LABEL})*")


@dataclass(frozen=True, slots=True)
class Cloud:
    """One Azure cloud.

    Attributes:
        authority: host of Entra ID.
        scope: the default scope of tokens for Azure OpenAI.
        suffixes: ends of the names of hosts that belong to Microsoft in this cloud. API Management
            (`azure-api.net`) is left out on purpose: its owner can read the Authorization header.
    """

    authority: str
    scope: str
    suffixes: tuple[str, ...]

    def owns(self, origin: Origin) -> bool:
        """Whether an https origin is an Azure OpenAI host of this cloud."""
        named = _LABELS.fullmatch(origin.host) is not None and origin.host.endswith(self.suffixes)
        return named and origin.scheme == "https"


def _cloud(authority: str, tld: str) -> Cloud:
    domains = ("openai.azure", "cognitiveservices.azure", "services.ai.azure")
    return Cloud(
        authority=authority,
        scope=f"https://cognitiveservices.azure.{tld}/.default",
        suffixes=tuple(f".{domain}.{tld}" for domain in domains),
    )


CLOUDS: dict[CloudName, Cloud] = {
    "public": _cloud("login.microsoftonline.com", "com"),
    "us_government": _cloud("login.microsoftonline.us", "us"),
    "china": _cloud("login.chinacloudapi.cn", "cn"),
}
