"""How a client or one of its endpoints signs in, and the hosts that may receive what it signs in with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Self

from pydantic import PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from byoclient.config import LenientModel, OptionsContext
from byoclient.config.context import TRUST_ERROR
from byoclient.config.headers import AnySecret
from byoclient.config.secret_fields import SourcedSecret
from byoclient.config.sources import FileSecret
from byoclient.errors import ConfigError
from byoclient.identity.clouds import CLOUDS
from byoclient.identity.credentials import Credential
from byoclient.transport.auth import HostBinding
from byoclient.trust import Origin, parse_origin

if TYPE_CHECKING:
    from byoclient.identity.sharing import TokenProvider


class SignIn(LenientModel):
    """A key or a credential, and the hosts that may receive what it gives.

    Attributes:
        api_key: the service's key; this or `credential`. One in a file is read again when the file has changed.
        credential: how tokens from Entra ID are got; this or `api_key`.
    """

    api_key: SourcedSecret | None = None
    credential: Credential | None = None

    _context: OptionsContext = PrivateAttr(default_factory=OptionsContext)

    def model_post_init(self, context: Any) -> None:
        """Keep what the calling program allows, for the checks of each request."""
        if isinstance(context, OptionsContext):
            self._context = context

    @model_validator(mode="after")
    def _one_way_to_sign_in(self) -> Self:
        if self.api_key and self.credential:
            raise PydanticCustomError(
                "byoclient_two_credentials",
                "both api_key and credential are given. Keep one of them",
                {"key": "credential"},
            )
        if not self.api_key and not self.credential and self._signs_in_here():
            raise PydanticCustomError(
                "byoclient_no_credential",
                "neither api_key nor credential is given. Give one, such as credential: {kind: default}",
            )
        return self

    def _signs_in_here(self) -> bool:
        return True

    def binding(self) -> HostBinding:
        """Return which hosts may receive the key or token."""
        clouds = (self.credential.azure_cloud,) if self.credential else tuple(CLOUDS.values())
        return HostBinding(clouds, self._own_hosts(), self.credential is not None, self._context.trust)

    def _own_hosts(self) -> tuple[str, ...]:
        return ()

    def tokens(self) -> TokenProvider | None:
        """Return what gives the tokens, or None where there is an API key."""
        from byoclient.identity.sharing import TokenProvider, token_source

        if self.credential is None:
            return None
        return TokenProvider(token_source(self.credential), self._context.options)

    def async_tokens(self) -> Callable[[], Awaitable[str]] | None:
        """Return the async twin of `tokens()`."""
        tokens = self.tokens()
        return tokens.async_call if tokens else None

    def key(self, *, again: bool = True) -> str | Callable[[], str] | None:
        """Return the API key; None where there is a credential.

        Args:
            again: for a key that stands in a file, return what reads it, to be called before each request.
        """
        if self.api_key is None:
            return None
        key = self._read(self.api_key, "api_key")
        return self.api_key.get_secret_value if again and isinstance(self.api_key, FileSecret) else key

    def async_key(self, *, again: bool = True) -> str | Callable[[], Awaitable[str]] | None:
        """Return the async twin of `key()`."""
        key = self.key(again=again)
        if not callable(key):
            return key

        async def read() -> str:
            return key()

        return read

    def _read(self, secret: AnySecret, *loc: str) -> str:
        try:
            return secret.get_secret_value()
        except ConfigError as error:
            options = self._context.options
            raise options.error(error.message, *loc) if options else error from None


def checked_origin(url: str) -> Origin:
    """Return the origin of an endpoint.

    Raises:
        ValueError: it has no scheme, or its host could be read in two ways.
    """
    origin = parse_origin(url)
    if origin is None and "://" not in url:
        raise ValueError("has no scheme. Write https:// in front")
    if origin is None:
        raise ValueError("is no plain URL: scheme, host, port and path, without user, query, fragment or backslash")
    return origin


def check_host(options: SignIn, key: str, url: str) -> None:
    """Check that an endpoint may receive the key or token.

    Raises:
        PydanticCustomError: it may not; becomes a TrustError at `key`.
    """
    origin = parse_origin(url)
    refusal = options.binding().refusal(origin) if origin else None
    if refusal:
        raise PydanticCustomError(TRUST_ERROR, refusal.rstrip("."), {"key": key})
