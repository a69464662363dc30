"""Options that the built-in client providers share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from byoclient.config import LenientModel, OptionsContext
from byoclient.config.context import TRUST_ERROR
from byoclient.config.fields import Count, Seconds
from byoclient.config.headers import AnySecret, Headers, Query
from byoclient.config.log_filter import hide_in_logs
from byoclient.config.secret_fields import SourcedSecret
from byoclient.config.sources import FileSecret
from byoclient.errors import ConfigError
from byoclient.identity.clouds import CLOUDS
from byoclient.identity.credentials import Credential
from byoclient.transport.auth import HostBinding
from byoclient.transport.options import ClientHttp
from byoclient.trust import Origin, parse_origin

if TYPE_CHECKING:
    from byoclient.identity.sharing import TokenProvider


class ClientOptions(LenientModel):
    """What the options of `azure_openai` and `openai` have in common.

    Attributes:
        api_key: the service's key; this or `credential`. One in a file is read again when the file has changed.
        credential: how tokens from Entra ID are got; this or `api_key`.
        timeout: seconds for one attempt of a request; the SDK's default is 600.
        max_retries: how often a failed attempt is repeated; the SDK's default is 2.
        default_headers: headers of every request. Their values are secrets too: text, or where they stand. Files and
            keyrings are read when a client is built, and not again.
        default_query: query parameters of every request; their values likewise.
        http: how the client connects.
    """

    api_key: SourcedSecret | None = None
    credential: Credential | None = None
    timeout: Seconds | None = None
    max_retries: Count | None = None
    default_headers: Headers = Field(default_factory=dict)
    default_query: Query = Field(default_factory=dict)
    http: ClientHttp = ClientHttp()

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
        if not self.api_key and not self.credential:
            raise PydanticCustomError(
                "byoclient_no_credential",
                "neither api_key nor credential is given. Give one, such as credential: {kind: default}",
            )
        return self

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

    def client_arguments(self) -> dict[str, Any]:
        """Return the keyword arguments that all clients of the SDK take; what is not given is left out."""
        self._values(self.http.headers, "http", "headers")  # what cannot be read is told at its place
        arguments: dict[str, Any] = {
            "default_headers": self._values(self.default_headers, "default_headers"),
            "default_query": self._values(self.default_query, "default_query"),
        }
        if self.default_query:
            hide_in_logs(arguments["default_query"].values())
        timeouts = self.http.timeouts(self.timeout)
        if timeouts is not None:
            from openai import Timeout

            arguments["timeout"] = Timeout(**timeouts)
        elif self.timeout is not None:
            arguments["timeout"] = self.timeout
        if self.max_retries is not None:
            arguments["max_retries"] = self.max_retries
        return arguments

    def _values(self, secrets: Mapping[str, AnySecret], *loc: str) -> dict[str, str]:
        return {name: self._read(secret, *loc, name) for name, secret in secrets.items()}

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


def check_host(options: ClientOptions, key: str, url: str) -> None:
    """Check that an endpoint may receive the key or token.

    Raises:
        PydanticCustomError: it may not; becomes a TrustError at `key`.
    """
    origin = parse_origin(url)
    refusal = options.binding().refusal(origin) if origin else None
    if refusal:
        raise PydanticCustomError(TRUST_ERROR, refusal.rstrip("."), {"key": key})
