"""What credential kinds have in common.

The models are strict because azure-identity (1.27) swallows unknown keyword arguments in silence.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from byoclient.config import StrictModel
from byoclient.config.context import TRUST_ERROR, trust_of
from byoclient.config.fields import Text
from byoclient.identity.clouds import CLOUDS, Cloud, CloudName
from byoclient.identity.http import IdentityHttp
from byoclient.trust import Origin, Trust, parse_origin

if TYPE_CHECKING:
    from azure.core.credentials import SupportsTokenInfo

AUTHORITY_HOST = "AZURE_AUTHORITY_HOST"
FEDERATED_FILE = "AZURE_FEDERATED_TOKEN_FILE"


class CredentialConfig(StrictModel):
    """What all kinds have.

    Attributes:
        kind: tells the kinds apart.
        cloud: sets the authority, the default scope and the hosts that may receive the token.
    """

    kind: str
    cloud: CloudName = "public"

    @property
    def azure_cloud(self) -> Cloud:
        """The cloud that this credential belongs to."""
        return CLOUDS[self.cloud]

    @property
    def token_scope(self) -> str:
        """The scope that tokens are asked for."""
        return self.azure_cloud.scope

    @property
    def asks_a_person(self) -> bool:
        """Whether a new credential would ask somebody to sign in once more."""
        return False

    def build(self) -> SupportsTokenInfo:
        """Return the azure-identity credential; imports azure-identity, sends nothing."""
        raise NotImplementedError

    def help(self) -> str:
        """Return what a person can do when this kind gives no token."""
        raise NotImplementedError


class ScopedCredentialConfig(CredentialConfig):
    """A kind whose token is made for one service.

    Attributes:
        scope: what the token is asked for; by default that of Azure OpenAI in this cloud.
    """

    scope: Text | None = None

    @property
    def token_scope(self) -> str:
        """The scope that tokens are asked for."""
        return self.scope or super().token_scope


class EntraCredentialConfig(ScopedCredentialConfig):
    """A kind that reaches Entra ID itself.

    Attributes:
        authority: URL of another authority than the cloud's; its host has to be trusted.
        disable_instance_discovery: for authorities that Entra's metadata does not know.
        http: how Entra ID is reached.
    """

    authority: Text | None = None
    disable_instance_discovery: bool = False
    additionally_allowed_tenants: tuple[Text, ...] = ()
    http: IdentityHttp = Field(default_factory=IdentityHttp)

    @field_validator("authority")
    @classmethod
    def _trusted(cls, authority: str | None, info: ValidationInfo) -> str | None:
        return None if authority is None else checked_authority(authority, info)

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments that all Entra credentials of azure-identity take."""
        return {
            "authority": self.authority or self.azure_cloud.authority,
            "disable_instance_discovery": self.disable_instance_discovery,
            "additionally_allowed_tenants": list(self.additionally_allowed_tenants),
            **self.http.arguments(),
        }


def checked_authority(authority: str, info: ValidationInfo) -> str:
    """Return the URL of an authority that may receive the credential's secrets.

    Raises:
        ValueError: it is no https URL.
        PydanticCustomError: it may not; becomes a TrustError.
    """
    text = authority if "://" in authority else f"https://{authority}"
    origin = parse_origin(text)
    if origin is None or origin.scheme != "https":
        raise ValueError("should be an https URL, such as https://login.microsoftonline.com")
    cloud = info.data.get("cloud", "public")
    if not _is_authority(origin, cloud, trust_of(info)):
        raise _foreign(f"the host '{origin.host}'", origin, cloud)
    return text


def check_environments_authority(config: CredentialConfig, info: ValidationInfo) -> None:
    """Check where azure-identity (1.27) sends a federated token, whatever the authority of the credential.

    Raises:
        PydanticCustomError: it may not; becomes a TrustError.
    """
    authority = os.environ.get(AUTHORITY_HOST)
    if not authority or not os.environ.get(FEDERATED_FILE):
        return
    origin = parse_origin(authority if "://" in authority else f"https://{authority}")
    if origin is None or origin.scheme != "https":
        raise ValueError(f"the variable {AUTHORITY_HOST} is no https URL. Leave it as Azure sets it")
    if not _is_authority(origin, config.cloud, trust_of(info)):
        raise _foreign(f"the variable {AUTHORITY_HOST} names the host '{origin.host}', which", origin, config.cloud)


def _foreign(what: str, origin: Origin, cloud: CloudName) -> PydanticCustomError:
    return PydanticCustomError(
        TRUST_ERROR,
        "{what} is not the authority of the cloud '{cloud}'. Pass "
        'trust=Trust(hosts=("{host}",)) to load(), or --trust-host {host}.',
        {"what": what, "host": origin.host, "cloud": cloud},
    )


def _is_authority(origin: Origin, cloud: CloudName, trust: Trust) -> bool:
    return origin.is_loopback or origin.host == CLOUDS[cloud].authority or trust.allows_host(origin)
