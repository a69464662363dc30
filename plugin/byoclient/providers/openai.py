"""`openai`: the v1 surface of api.openai.com, of Azure (`/openai/v1/`), and of OpenAI-compatible servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, model_validator

from byoclient.config.fields import Text
from byoclient.identity.clouds import CLOUDS
from byoclient.providers.endpoints import EndpointOptions
from byoclient.providers.options import ClientOptions
from byoclient.providers.sign_in import SignIn, check_host, checked_origin

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI


def _plain_url(url: str) -> str:
    origin = checked_origin(url)
    on_azure = any(cloud.owns(origin) for cloud in CLOUDS.values())
    if on_azure and not url.rstrip("/").endswith("/openai/v1"):
        raise ValueError("is an Azure host without the path of the v1 surface. End it with /openai/v1/")
    return url


BaseUrl = Annotated[Text, AfterValidator(_plain_url)]


class _V1(SignIn):
    """A base URL, and the hosts of OpenAI's own service."""

    base_url: BaseUrl = "https://api.openai.com/v1"

    @model_validator(mode="after")
    def _allowed_host(self) -> Self:
        if self._signs_in_here():
            check_host(self, "base_url", self.base_url)
        return self

    def _own_hosts(self) -> tuple[str, ...]:
        return () if self.credential else ("api.openai.com",)


class OpenAIEndpoint(_V1, EndpointOptions):
    """An entry of `endpoints`.

    Attributes:
        base_url: URL up to and with the version.
        model: the model or deployment of every request that names one; without it each request's own.
    """

    model: Text | None = None

    def _goes_to(self) -> tuple[str, str | None]:
        return f"{self.base_url.rstrip('/')}/", self.model

    def _key_header(self) -> Literal["Authorization"]:
        return "Authorization"


class OpenAIOptions(_V1, ClientOptions):
    """Options of `openai`.

    Attributes:
        endpoints: several services, resources or deployments; instead of `base_url`.
        base_url: URL up to and with the version, `https://contoso.openai.azure.com/openai/v1/`.
        organization: sent as the header OpenAI-Organization.
        project: sent as the header OpenAI-Project.
    """

    endpoints: tuple[OpenAIEndpoint, ...] = ()
    organization: Text | None = None
    project: Text | None = None

    def client_arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of both clients, without the credential."""
        from byoclient.transport.endpoints import PLACEHOLDER_URL

        return {
            **super().client_arguments(),
            "base_url": f"{PLACEHOLDER_URL}/v1" if self.endpoints else self.base_url,
            "organization": self.organization,
            "project": self.project,
        }


def client(options: OpenAIOptions) -> OpenAI:
    """Return an `openai.OpenAI`; sends nothing."""
    from byoclient.transport import failover_transports, http, sdk

    if options.endpoints:
        return sdk.OpenAI(
            **options.client_arguments(),
            **failover_transports.arguments_of(options.http, options.all_endpoints()),
        )
    return sdk.OpenAI(
        **options.client_arguments(),
        api_key=options.key() or options.tokens(),
        http_client=http.http_client(options.http, options.binding(), options.tokens()),
    )


def async_client(options: OpenAIOptions) -> AsyncOpenAI:
    """Return an `openai.AsyncOpenAI`; sends nothing."""
    from byoclient.transport import failover_transports, http, sdk

    if options.endpoints:
        return sdk.AsyncOpenAI(
            **options.client_arguments(),
            **failover_transports.async_arguments_of(options.http, options.all_endpoints()),
        )
    return sdk.AsyncOpenAI(
        **options.client_arguments(),
        api_key=options.async_key() or options.async_tokens(),
        http_client=http.async_http_client(options.http, options.binding(), options.tokens()),
    )
