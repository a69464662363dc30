"""Several credentials, of which the first that is available is used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from pydantic import field_validator, model_validator
from pydantic_core import PydanticCustomError

from byoclient.errors import ByoclientError
from byoclient.identity.base import CredentialConfig, ScopedCredentialConfig

if TYPE_CHECKING:
    from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo, TokenRequestOptions

    from byoclient.identity.credentials import Credential


CANNOT_BE_BUILT = (ByoclientError, ImportError, OSError, ValueError)


class ChainConfig(ScopedCredentialConfig):
    """`kind: chain`: its `credentials` in their order.

    As in azure-identity, one that is not available (no account, no identity, not configured) is passed over, and
    one that is available and refused ends the chain. `cloud` and `scope` are the chain's, for all of them.
    """

    kind: Literal["chain"]
    credentials: tuple[Credential, ...]

    @model_validator(mode="before")
    @classmethod
    def _one_cloud(cls, data: Any) -> Any:
        members = data.get("credentials") if isinstance(data, dict) else None
        if not isinstance(members, list):
            return data
        for index, member in enumerate(members):
            for name in ("cloud", "scope") if isinstance(member, dict) else ():
                if name in member and member[name] != data.get(name):
                    raise PydanticCustomError(
                        "byoclient_chain",
                        "credentials[{index}] has a {name} of its own. Move it to the chain, for all of them",
                        {"index": index, "name": name, "key": "credentials"},
                    )
        given = {name: data[name] for name in ("cloud",) if data.get(name) is not None}
        return {**data, "credentials": [{**given, **m} if isinstance(m, dict) else m for m in members]}

    @field_validator("credentials")
    @classmethod
    def _not_empty(cls, credentials: tuple[CredentialConfig, ...]) -> tuple[CredentialConfig, ...]:
        if not credentials:
            raise ValueError("names no credential. Write one or more, such as - kind: azure_cli")
        if any(credential.kind == "default" for credential in credentials[:-1]):
            raise PydanticCustomError(
                "byoclient_chain", "holds kind 'default', which is a chain that ends this one. Put it last"
            )
        return credentials

    def build(self) -> SupportsTokenInfo:
        """Return a `ChainedTokenCredential`."""
        from azure.identity import ChainedTokenCredential

        return ChainedTokenCredential(*(_built(member) for member in self.members()))

    def members(self) -> Iterator[CredentialConfig]:
        """Yield the credentials in their order, and those of chains among them.

        azure-identity (1.27) would end the outer chain where nothing in the inner one is available.
        """
        for credential in self.credentials:
            if isinstance(credential, ChainConfig):
                yield from credential.members()
            else:
                yield credential

    def help(self) -> str:
        """Return what a person can do."""
        return "Make one of these work. " + " ".join(f"{member.kind}: {member.help()}" for member in self.members())


def _built(config: CredentialConfig) -> Any:
    """Return a member; one that cannot be built is not available, where azure-identity would give the chain up."""
    try:
        return config.build()
    except CANNOT_BE_BUILT:
        return UnavailableCredential(config)


class UnavailableCredential:
    """Stands for a credential that cannot be built, and tries again each time: a file may be there later."""

    def __init__(self, config: CredentialConfig) -> None:
        self._config = config
        self._credential: Any = None

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """Return a token, or say why there is no credential; the chain goes on then."""
        from azure.identity import CredentialUnavailableError

        try:
            self._credential = self._credential or self._config.build()
        except CANNOT_BE_BUILT as error:
            raise CredentialUnavailableError(f"kind '{self._config.kind}': {error}") from error
        token: AccessTokenInfo = self._credential.get_token_info(*scopes, options=options or {})
        return token

    def close(self) -> None:
        """Close what was built after all."""
        if self._credential is not None:
            self._credential.close()

    def __enter__(self) -> UnavailableCredential:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()
