"""Which hosts may receive a client's key or token."""

from __future__ import annotations

from dataclasses import dataclass

from byoclient.identity.clouds import Cloud
from byoclient.trust import Origin, Trust


@dataclass(frozen=True, slots=True)
class HostBinding:
    """Binds a key or token to hosts.

    Attributes:
        clouds: the Azure clouds whose hosts are allowed.
        hosts: names of further https hosts that are always allowed.
        carries_token: whether an Entra token travels; a token never goes over plain http, but to loopback.
        trust: what the calling program allows beside them.
    """

    clouds: tuple[Cloud, ...]
    hosts: tuple[str, ...]
    carries_token: bool
    trust: Trust

    def refusal(self, origin: Origin) -> str | None:
        """Return why nothing may be sent to an origin, in words, or None where it may."""
        if origin.is_loopback:
            return None
        if origin.scheme != "https":
            return self._plain_http(origin)
        if origin.host in self.hosts or any(cloud.owns(origin) for cloud in self.clouds):
            return None
        if self.trust.allows_host(origin):
            return None
        return (
            f"the host '{origin.host}' may not receive this client's {self._what}. Pass "
            f'trust=Trust(hosts=("{origin.host}",)) to load(), or --trust-host {origin.host}.'
        )

    def _plain_http(self, origin: Origin) -> str | None:
        if self.carries_token:
            return f"'{origin}' is plain http, and an Entra token goes only over https. Write https://."
        if self.trust.allows_host(origin):
            return None
        return (
            f"'{origin}' is plain http, where anybody on the way can read the {self._what}. Write https://, or "
            f'pass trust=Trust(hosts=("{origin}",)) to load(), or --trust-host {origin}.'
        )

    @property
    def _what(self) -> str:
        return "token" if self.carries_token else "API key"
