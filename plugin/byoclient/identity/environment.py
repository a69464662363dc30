"""The application that the environment names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from byoclient.config.fields import Text
from byoclient.identity.base import AUTHORITY_HOST, EntraCredentialConfig

if TYPE_CHECKING:
    from azure.core.credentials import SupportsTokenInfo


class EnvironmentConfig(EntraCredentialConfig):
    """`kind: environment`: what azure-identity finds in `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, `AZURE_CLIENT_SECRET`,
    `AZURE_CLIENT_CERTIFICATE_PATH` and the like. `AZURE_AUTHORITY_HOST` needs the same trust as `authority`."""

    kind: Literal["environment"]
    authority: Text | None = Field(
        default_factory=lambda: os.environ.get(AUTHORITY_HOST) or None, validate_default=True
    )

    def build(self) -> SupportsTokenInfo:
        """Return an `EnvironmentCredential`."""
        from azure.identity import EnvironmentCredential

        return EnvironmentCredential(**self.arguments())

    def help(self) -> str:
        """Return what a person can do."""
        return (
            "Set AZURE_TENANT_ID and AZURE_CLIENT_ID, and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH, "
            "or choose another credential kind."
        )
