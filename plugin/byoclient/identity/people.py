"""Credentials of a person who is there to sign in."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from byoclient.config.fields import Text
from byoclient.identity.base import EntraCredentialConfig

if TYPE_CHECKING:
    from azure.core.credentials import SupportsTokenInfo


class PersonConfig(EntraCredentialConfig):
    """A kind that asks a person to sign in.

    Attributes:
        tenant_id: the Entra tenant; without it, that of the person's work or school account.
        client_id: the application that the person signs in to; without it, azure-identity's own for development.
    """

    tenant_id: Text | None = None
    client_id: Text | None = None

    @property
    def asks_a_person(self) -> bool:
        """Always."""
        return True

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of azure-identity."""
        given = {name: value for name in ("tenant_id", "client_id") if (value := getattr(self, name))}
        return {**super().arguments(), **given}


def show_code(page: str, code: str, expires_on: datetime) -> None:
    """Tell a person on stderr what to do; azure-identity (1.27) itself would print it among the program's output."""
    if sys.stderr is not None:  # there is none in a program with windows only
        until = f"{expires_on.astimezone():%H:%M}"
        print(f"To sign in, open {page} and type the code {code} in, until {until}.", file=sys.stderr, flush=True)


class DeviceCodeConfig(PersonConfig):
    """`kind: device_code`: shows a code on stderr, which a person types in at a page on any machine."""

    kind: Literal["device_code"]

    def build(self) -> SupportsTokenInfo:
        """Return a `DeviceCodeCredential`."""
        from azure.identity import DeviceCodeCredential

        return DeviceCodeCredential(prompt_callback=show_code, **self.arguments())

    def help(self) -> str:
        """Return what a person can do."""
        return "Open the page that was shown and type the code in, or choose a credential kind that needs no person."


class InteractiveBrowserConfig(PersonConfig):
    """`kind: interactive_browser`: opens a browser on this machine, where a person signs in."""

    kind: Literal["interactive_browser"]

    def build(self) -> SupportsTokenInfo:
        """Return an `InteractiveBrowserCredential`."""
        from azure.identity import InteractiveBrowserCredential

        return InteractiveBrowserCredential(**self.arguments())

    def help(self) -> str:
        """Return what a person can do."""
        return "Sign in in the browser that opens, or choose device_code, which needs no browser on this machine."
