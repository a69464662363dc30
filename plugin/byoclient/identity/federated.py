"""Credentials of an application that somebody else vouches for: Kubernetes, Azure Pipelines, a function of yours."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, Self

from pydantic import ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from byoclient.config.context import TRUST_ERROR, trust_of
from byoclient.config.fields import Text
from byoclient.config.secret_fields import SourcedSecret
from byoclient.identity.application import ApplicationConfig
from byoclient.identity.assertion import AssertionFunc, assertion_of
from byoclient.identity.base import EntraCredentialConfig
from byoclient.identity.following import following
from byoclient.trust import Trust, parse_origin

if TYPE_CHECKING:
    from azure.core.credentials import SupportsTokenInfo

REQUEST_URI = "SYSTEM_OIDCREQUESTURI"
_DEVOPS = (".dev.azure.com", ".visualstudio.com")


class WorkloadIdentityConfig(EntraCredentialConfig):
    """`kind: workload_identity`: a federated token file, as in AKS; what is left out is read by azure-identity
    from `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_FEDERATED_TOKEN_FILE`."""

    kind: Literal["workload_identity"]
    tenant_id: Text | None = None
    client_id: Text | None = None
    token_file_path: Text | None = None

    def build(self) -> SupportsTokenInfo:
        """Return a `WorkloadIdentityCredential`."""
        from azure.identity import WorkloadIdentityCredential

        return WorkloadIdentityCredential(
            tenant_id=self.tenant_id,
            client_id=self.client_id,
            token_file_path=self.token_file_path,
            **self.arguments(),
        )

    def help(self) -> str:
        """Return what a person can do."""
        return (
            "Set tenant_id, client_id and token_file_path (or AZURE_TENANT_ID, AZURE_CLIENT_ID and "
            "AZURE_FEDERATED_TOKEN_FILE), and check the federated credential in Entra ID."
        )


class ClientAssertionConfig(ApplicationConfig):
    """`kind: client_assertion`: an application that a function vouches for.

    Attributes:
        func: reference to a plain function without parameters that returns the assertion.
    """

    kind: Literal["client_assertion"]
    func: AssertionFunc

    def build(self) -> SupportsTokenInfo:
        """Return a `ClientAssertionCredential`."""
        from azure.identity import ClientAssertionCredential

        return ClientAssertionCredential(self.tenant_id, self.client_id, assertion_of(self.func), **self.arguments())

    def help(self) -> str:
        """Return what a person can do."""
        return "Check tenant_id, client_id and what func returns, and the federated credential in Entra ID."


class AzurePipelinesConfig(ApplicationConfig):
    """`kind: azure_pipelines`: the service connection of a run of Azure Pipelines.

    Attributes:
        service_connection_id: the connection's `resourceId`.
        system_access_token: the run's `System.AccessToken`.
    """

    kind: Literal["azure_pipelines"]
    service_connection_id: Text
    system_access_token: SourcedSecret

    @model_validator(mode="after")
    def _known_pipeline(self, info: ValidationInfo) -> Self:
        uri = os.environ.get(REQUEST_URI)
        wrong = _refusal(uri, trust_of(info)) if uri else None
        if wrong:
            message = f"the variable {REQUEST_URI} {wrong}"
            raise PydanticCustomError(TRUST_ERROR, "{message}", {"message": message, "key": "system_access_token"})
        return self

    def build(self) -> SupportsTokenInfo:
        """Return an `AzurePipelinesCredential`."""
        return following(self._build, self.system_access_token)

    def _build(self) -> SupportsTokenInfo:
        from azure.identity import AzurePipelinesCredential

        return AzurePipelinesCredential(
            tenant_id=self.tenant_id,
            client_id=self.client_id,
            service_connection_id=self.service_connection_id,
            system_access_token=self.system_access_token.get_secret_value(),
            **self.arguments(),
        )

    def help(self) -> str:
        """Return what a person can do."""
        return (
            "Run it in Azure Pipelines with System.AccessToken in the environment, and check service_connection_id, "
            "tenant_id and client_id."
        )


def _refusal(uri: str, trust: Trust) -> str | None:
    """Return why the run's token may not be sent there, where azure-identity would send it; None where it may."""
    origin = parse_origin(uri)
    if origin is None or (origin.scheme != "https" and not origin.is_loopback):
        return "is no plain https URL of Azure DevOps. Leave it as Azure Pipelines sets it"
    if origin.is_loopback or f".{origin.host}".endswith(_DEVOPS) or trust.allows_host(origin):
        return None
    return (
        f"names the host '{origin.host}', which is not one of Azure DevOps. Pass "
        f'trust=Trust(hosts=("{origin.host}",)) to load(), or --trust-host {origin.host}'
    )
