"""`credential:` in YAML: one strict model for each kind, told apart by `kind`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from byoclient.identity.application import ClientSecretConfig, WorkloadIdentityConfig
from byoclient.identity.developer import AzureCliConfig, DefaultCredentialConfig
from byoclient.identity.managed import ManagedIdentityConfig

Credential = Annotated[
    DefaultCredentialConfig | ManagedIdentityConfig | WorkloadIdentityConfig | ClientSecretConfig | AzureCliConfig,
    Field(discriminator="kind"),
]
