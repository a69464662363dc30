"""`credential:` in YAML: one strict model for each kind, told apart by `kind`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from byoclient.identity.application import ClientCertificateConfig, ClientSecretConfig
from byoclient.identity.behalf import OnBehalfOfConfig
from byoclient.identity.chain import ChainConfig
from byoclient.identity.developer import (
    AzureCliConfig,
    AzureDeveloperCliConfig,
    AzurePowerShellConfig,
    DefaultCredentialConfig,
)
from byoclient.identity.environment import EnvironmentConfig
from byoclient.identity.federated import AzurePipelinesConfig, ClientAssertionConfig, WorkloadIdentityConfig
from byoclient.identity.managed import ManagedIdentityConfig
from byoclient.identity.people import DeviceCodeConfig, InteractiveBrowserConfig
from byoclient.identity.static import StaticTokenConfig

Credential = Annotated[
    DefaultCredentialConfig
    | ManagedIdentityConfig
    | WorkloadIdentityConfig
    | ClientSecretConfig
    | ClientCertificateConfig
    | ClientAssertionConfig
    | OnBehalfOfConfig
    | AzureCliConfig
    | AzureDeveloperCliConfig
    | AzurePowerShellConfig
    | EnvironmentConfig
    | AzurePipelinesConfig
    | DeviceCodeConfig
    | InteractiveBrowserConfig
    | ChainConfig
    | StaticTokenConfig,
    Field(discriminator="kind"),
]

ChainConfig.model_rebuild(_types_namespace={"Credential": Credential})
