"""Credentials of an application: with a secret, or with a federated token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from byoclient.config.fields import Secret, Text
from byoclient.identity.base import EntraCredentialConfig

if TYPE_CHECKING:
    from azure.core.credentials import SupportsTokenInfo


class ClientSecretConfig(EntraCredentialConfig):
    """`kind: client_secret`: an application with a secret."""

    kind: Literal["client_secret"]
    tenant_id: Text
    client_id: Text
    client_secret: Secret

    def build(self) -> SupportsTokenInfo:
        """Return a `ClientSecretCredential`."""
        from azure.identity import ClientSecretCredential

        secret = self.client_secret.get_secret_value()
        return ClientSecretCredential(self.tenant_id, self.client_id, secret, **self.arguments())

    def help(self) -> str:
        """Return what a person can do."""
        return "Check tenant_id, client_id and client_secret (its value, not its id), and whether it has expired."


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
