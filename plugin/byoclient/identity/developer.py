"""Credentials of a person's machine, and the chain that also works there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import ValidationInfo, model_validator

from byoclient.config.fields import Seconds, Text
from byoclient.identity.base import EntraCredentialConfig, ScopedCredentialConfig, check_environments_authority

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

    @model_validator(mode="after")
    def _trusted_environment(self, info: ValidationInfo) -> Self:
        check_environments_authority(self, info)
        return self

    def build(self) -> SupportsTokenInfo:
        """Return a `DefaultAzureCredential`."""
        from azure.identity import DefaultAzureCredential

        own = self.model_dump(exclude_none=True, exclude={"kind", *EntraCredentialConfig.model_fields})
        return DefaultAzureCredential(**{**self.arguments(), **own, "process_timeout": math.ceil(self.process_timeout)})

    def help(self) -> str:
        """Return what a person can do."""
        return "Run 'az login' on your own machine, give this host an identity, or name one kind of credential."


class ToolConfig(ScopedCredentialConfig):
    """The account that is signed in to a tool on this machine.

    Attributes:
        tenant_id: the Entra tenant.
        additionally_allowed_tenants: further tenants that tokens may be got for.
        process_timeout: seconds that the tool may take.
    """

    tenant_id: Text | None = None
    additionally_allowed_tenants: tuple[Text, ...] = ()
    process_timeout: Seconds = 10

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of azure-identity; it takes whole seconds, and 0 would always fail."""
        return {
            "tenant_id": self.tenant_id or "",
            "additionally_allowed_tenants": list(self.additionally_allowed_tenants),
            "process_timeout": math.ceil(self.process_timeout),
        }


class AzureCliConfig(ToolConfig):
    """`kind: azure_cli`: the account that is signed in to the Azure CLI."""

    kind: Literal["azure_cli"]
    subscription: Text | None = None

    def build(self) -> SupportsTokenInfo:
        """Return an `AzureCliCredential`."""
        from azure.identity import AzureCliCredential

        return AzureCliCredential(subscription=self.subscription, **self.arguments())

    def help(self) -> str:
        """Return what a person can do."""
        return "Run 'az login', or choose another credential kind."


class AzureDeveloperCliConfig(ToolConfig):
    """`kind: azure_developer_cli`: the account that is signed in to the Azure Developer CLI."""

    kind: Literal["azure_developer_cli"]

    def build(self) -> SupportsTokenInfo:
        """Return an `AzureDeveloperCliCredential`."""
        from azure.identity import AzureDeveloperCliCredential

        return AzureDeveloperCliCredential(**self.arguments())

    def help(self) -> str:
        """Return what a person can do."""
        return "Run 'azd auth login', or choose another credential kind."


class AzurePowerShellConfig(ToolConfig):
    """`kind: azure_powershell`: the account that is signed in to Azure PowerShell."""

    kind: Literal["azure_powershell"]

    def build(self) -> SupportsTokenInfo:
        """Return an `AzurePowerShellCredential`."""
        from azure.identity import AzurePowerShellCredential

        return AzurePowerShellCredential(**self.arguments())

    def help(self) -> str:
        """Return what a person can do."""
        return "Run 'Connect-AzAccount' in PowerShell, or choose another credential kind."
