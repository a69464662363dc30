"""The identity of an Azure host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import ValidationInfo, model_validator

from byoclient.config.fields import Text
from byoclient.identity.base import ScopedCredentialConfig, check_environments_authority
from byoclient.identity.http import IdentityHttp

if TYPE_CHECKING:
    from azure.core.credentials import SupportsTokenInfo


class ManagedIdentityConfig(ScopedCredentialConfig):
    """`kind: managed_identity`: the identity of the Azure host; user-assigned by one of three ids."""

    kind: Literal["managed_identity"]
    client_id: Text | None = None
    object_id: Text | None = None
    resource_id: Text | None = None

    @model_validator(mode="after")
    def _one_id(self) -> ManagedIdentityConfig:
        given = [name for name in ("client_id", "object_id", "resource_id") if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"holds {' and '.join(given)}. Keep one of them")
        return self

    @model_validator(mode="after")
    def _trusted_environment(self, info: ValidationInfo) -> Self:
        check_environments_authority(self, info)
        return self

    def build(self) -> SupportsTokenInfo:
        """Return a `ManagedIdentityCredential`."""
        from azure.identity import ManagedIdentityCredential

        ids = {k: v for k in ("object_id", "resource_id") if (v := getattr(self, k))}
        # Without proxies of the environment: they would capture the calls to the link-local metadata endpoint.
        return ManagedIdentityCredential(
            client_id=self.client_id, identity_config=ids or None, **IdentityHttp().arguments()
        )

    def help(self) -> str:
        """Return what a person can do."""
        return "Assign this identity to the Azure host, check its id, or choose another credential kind."
