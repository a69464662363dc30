"""A token as it is, for gateways and tests."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from byoclient.config.secret_fields import SourcedSecret
from byoclient.config.sources import FileSecret, SecretSource
from byoclient.identity.base import CredentialConfig

if TYPE_CHECKING:
    from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo, TokenRequestOptions
    from pydantic import SecretStr

NO_END = 253_402_300_799  # the last second of the year 9999: nobody knows when the token ends
READ_AGAIN = 60  # seconds after which a token's file is looked at again; in the background


class StaticTokenConfig(CredentialConfig):
    """`kind: static_token`: a token that somebody else got. Its end is not known; a refused one is read again."""

    kind: Literal["static_token"]
    token: SourcedSecret

    def build(self) -> SupportsTokenInfo:
        """Return a credential that gives this token; azure-identity has no part in it."""
        self.token.get_secret_value()  # one that is not there is an error of this credential's making
        return StaticTokenCredential(self.token)

    def help(self) -> str:
        """Return what a person can do."""
        return "Check where the token stands."


class StaticTokenCredential:
    """Gives a token for whatever scope, read anew where it stands in a file."""

    def __init__(self, token: SecretStr | SecretSource) -> None:
        self._token = token

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """Return the token."""
        from azure.core.credentials import AccessTokenInfo

        token = self._token.get_secret_value()
        again = int(time.time()) + READ_AGAIN if isinstance(self._token, FileSecret) else None
        return AccessTokenInfo(token, NO_END, refresh_on=again)

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> StaticTokenCredential:
        return self

    def __exit__(self, *raised: object) -> None:
        pass
