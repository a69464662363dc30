"""`credential:` in YAML → an azure-identity credential: one strict model for each kind.

The models are strict because azure-identity (1.27) swallows unknown keyword arguments in silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from byoclient.config import OptionsContext, StrictModel
from byoclient.config.fields import Seconds, Secret, Text
from byoclient.config.validation import TRUST_ERROR
from byoclient.identity.clouds import CLOUDS, Cloud, CloudName
from byoclient.identity.options import IdentityHttp
from byoclient.trust import Origin, Trust, parse_origin

if TYPE_CHECKING:
    from azure.core.credentials import SupportsTokenInfo


class CredentialConfig(StrictModel):
    """What all kinds have.

    Attributes:
        cloud: sets the authority, the default scope and the hosts that may receive the token.
        scope: what the token is asked for; by default that of Azure OpenAI in this cloud.
    """

    cloud: CloudName = "public"
    scope: Text | None = None

    @property
    def azure_cloud(self) -> Cloud:
        """The cloud that this credential belongs to."""
        return CLOUDS[self.cloud]

    @property
    def token_scope(self) -> str:
        """The scope that tokens are asked for."""
        return self.scope or self.azure_cloud.scope

    def build(self) -> SupportsTokenInfo:
        """Return the azure-identity credential; imports azure-identity, sends nothing."""
        raise NotImplementedError

    def help(self) -> str:
        """Return what a person can do when this kind gives no token."""
        raise NotImplementedError


class EntraCredentialConfig(CredentialConfig):
    """A kind that sends its own secret to Entra ID.

    Attributes:
        tenant_id: the Entra tenant.
        client_id: the application (client) id.
        authority: URL of another authority than the cloud's; its host has to be trusted.
        disable_instance_discovery: for authorities that Entra's metadata does not know.
        http: how Entra ID is reached.
    """

    authority: Text | None = None
    disable_instance_discovery: bool = False
    additionally_allowed_tenants: tuple[Text, ...] = ()
    http: IdentityHttp = IdentityHttp()

    @field_validator("authority")
    @classmethod
    def _trusted(cls, authority: str | None, info: ValidationInfo) -> str | None:
        if authority is None:
            return None
        text = authority if "://" in authority else f"https://{authority}"
        origin = parse_origin(text)
        if origin is None or origin.scheme != "https":
            raise ValueError("should be an https URL, such as https://login.microsoftonline.com")
        trust = info.context.trust if isinstance(info.context, OptionsContext) else Trust()
        if not _is_authority(origin, info.data.get("cloud", "public"), trust):
            raise PydanticCustomError(
                TRUST_ERROR,
                "the host '{host}' is not the authority of the cloud '{cloud}'. Pass "
                'trust=Trust(hosts=("{host}",)) to load(), or --trust-host {host}.',
                {"host": origin.host, "cloud": info.data.get("cloud", "public")},
            )
        return text

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments that all Entra credentials of azure-identity take."""
        return {
            "authority": self.authority or self.azure_cloud.authority,
            "disable_instance_discovery": self.disable_instance_discovery,
            "additionally_allowed_tenants": list(self.additionally_allowed_tenants),
            **self.http.arguments(),
        }


def _is_authority(origin: Origin, cloud: CloudName, trust: Trust) -> bool:
    return origin.is_loopback or origin.host == CLOUDS[cloud].authority or trust.allows_host(origin)


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
        return DefaultAzureCredential(**{**self.arguments(), **own, "process_timeout": int(self.process_timeout)})

    def help(self) -> str:
        """Return what a person can do."""
        return "Run 'az login' on your own machine, give this host an identity, or name one kind of credential."


class ManagedIdentityConfig(CredentialConfig):
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

    def build(self) -> SupportsTokenInfo:
        """Return a `ManagedIdentityCredential`."""
        from azure.identity import ManagedIdentityCredential

        ids = {k: v for k in ("object_id", "resource_id") if (v := getattr(self, k))}
        # A proxy from the environment would capture the calls to the link-local metadata endpoint.
        return ManagedIdentityCredential(client_id=self.client_id, identity_config=ids or None, use_env_settings=False)

    def help(self) -> str:
        """Return what a person can do."""
        return "Assign this identity to the Azure host, check its id, or choose another credential kind."


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
            process_timeout=int(self.process_timeout),
        )

    def help(self) -> str:
        """Return what a person can do."""
        return "Run 'az login', or choose another credential kind."


Credential = Annotated[
    DefaultCredentialConfig | ManagedIdentityConfig | WorkloadIdentityConfig | ClientSecretConfig | AzureCliConfig,
    Field(discriminator="kind"),
]
