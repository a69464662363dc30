"""Credentials of a person's machine, and the chain that also works there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from byoclient.config.fields import Seconds, Text
from byoclient.identity.base import CredentialConfig, EntraCredentialConfig

if TYPE_CHECKING:
    from azure.core.credentials import SupportsTokenInfo


class DefaultCredentialConfig(EntraCredentialConfig):
    """`kind: default`: azure-identity's chain for development and production."""

    kind: Literal["default"]
    exclude_environment_credential: bool | None = None
    exclude_workload_identity_credential: bool | None = None
    exclude_managed_identity_credential: bool | None = None
    exclude_shared_token_cache_credential: bool | None = None
    exclude_visual_studio_code_credential: bool | None = None
    exclude_cli_credential: bool | None = None
    exclude_powershell_credential: bool | None = None
    exclude_developer_cli_credential: bool | None = None
    exclude_interactive_browser_credential: bool | None = None
    exclude_broker_credential: bool | None = None
    managed_identity_client_id: Text | None = None
    workload_identity_client_id: Text | None = None
    workload_identity_tenant_id: Text | None = None
    process_timeout: Seconds = 10
    require_envvar: bool = False

    def build(self) -> SupportsTokenInfo:
        """Return a `DefaultAzureCredential`."""
        from azure.identity import DefaultAzureCredential

        own = self.model_dump(exclude_none=True, exclude={"kind", *EntraCredentialConfig.model_fields})
        return DefaultAzureCredential(**{**self.arguments(), **own, "process_timeout": math.ceil(self.process_timeout)})

    def help(self) -> str:
        """Return what a person can do."""
        return "Run 'az login' on your own machine, give this host an identity, or name one kind of credential."


class AzureCliConfig(CredentialConfig):
    """`kind: azure_cli`: the account that is signed in to the Azure CLI."""

    kind: Literal["azure_cli"]
    tenant_id: Text | None = None
    subscription: Text | None = None
    additionally_allowed_tenants: tuple[Text, ...] = ()
    process_timeout: Seconds = 10

    def build(self) -> SupportsTokenInfo:
        """Return an `AzureCliCredential`."""
        from azure.identity import AzureCliCredential

        return AzureCliCredential(
            tenant_id=self.tenant_id or "",
            subscription=self.subscription,
            additionally_allowed_tenants=list(self.additionally_allowed_tenants),
            process_timeout=math.ceil(self.process_timeout),
        )

    def help(self) -> str:
        """Return what a person can do."""
        return "Run 'az login', or choose another credential kind."
