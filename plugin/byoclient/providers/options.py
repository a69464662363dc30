"""Options that the built-in client providers share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from byoclient.config.fields import Count, Seconds
from byoclient.config.headers import AnySecret, Headers, Query
from byoclient.config.log_filter import hide_in_logs
from byoclient.errors import ConfigError
from byoclient.providers.endpoints import EndpointOptions
from byoclient.providers.sign_in import SignIn
from byoclient.transport.options import ClientHttp

if TYPE_CHECKING:
    from byoclient.transport.endpoints import Endpoints

ENDPOINT_KEYS = ("azure_endpoint", "azure_deployment", "base_url", "api_key", "credential")


class ClientOptions(SignIn):
    """What the options of `azure_openai` and `openai` have in common.

    Attributes:
        endpoints: where requests go, each with its own key or credential; instead of one endpoint.
        timeout: seconds for one attempt of a request; the SDK's default is 600.
        max_retries: how often a failed attempt is repeated; the SDK's default is 2.
        default_headers: headers of every request. Their values are secrets too: text, or where they stand. Files and
            keyrings are read when a client is built, and not again.
        default_query: query parameters of every request; their values likewise.
        http: how the client connects.
    """

    endpoints: tuple[EndpointOptions, ...] = ()
    timeout: Seconds | None = None
    max_retries: Count | None = None
    default_headers: Headers = Field(default_factory=dict)
    default_query: Query = Field(default_factory=dict)
    http: ClientHttp = ClientHttp()

    @field_validator("endpoints")
    @classmethod
    def _some_with_names_of_their_own(cls, endpoints: tuple[EndpointOptions, ...]) -> tuple[EndpointOptions, ...]:
        if not endpoints:
            raise ValueError("names no endpoint. Write one, or take the key away")
        names = [endpoint.name for endpoint in endpoints if endpoint.name]
        if len(names) != len(set(names)):
            raise ValueError("gives two of them one name. Change one of the names")
        return endpoints

    @model_validator(mode="after")
    def _either_one_or_several(self) -> Self:
        for key in ENDPOINT_KEYS:
            if self.endpoints and key in self.model_fields_set:
                raise PydanticCustomError(
                    "byoclient_beside_endpoints",
                    "stands beside endpoints. Move it into the entries of endpoints that it belongs to",
                    {"key": key},
                )
        for index, endpoint in enumerate(self.endpoints):
            endpoint.stands_in(self._context, index)
        return self

    def _signs_in_here(self) -> bool:
        return not self.endpoints

    def all_endpoints(self) -> Endpoints:
        """Return the endpoints as the transport takes them; there are some."""
        from byoclient.transport.endpoints import endpoints_of

        return endpoints_of([endpoint.endpoint() for endpoint in self.endpoints])

    def client_arguments(self) -> dict[str, Any]:
        """Return the keyword arguments that all clients of the SDK take; what is not given is left out."""
        self._values(self.http.headers, "http", "headers")  # what cannot be read is told at its place
        self._check_certificates()
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

    def _check_certificates(self) -> None:
        try:
            self.http.check_certificates()
        except ConfigError as error:
            options = self._context.options
            raise options.error(error.message, "http", error.key or "") if options else error from None

    def _values(self, secrets: Mapping[str, AnySecret], *loc: str) -> dict[str, str]:
        return {name: self._read(secret, *loc, name) for name, secret in secrets.items()}
