"""`azure_openai`: the deployments surface of Azure OpenAI, with an API key or any Entra credential."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from byoclient.config.fields import Text
from byoclient.config.validation import MISSING
from byoclient.providers.endpoints import EndpointOptions
from byoclient.providers.options import ClientOptions
from byoclient.providers.sign_in import check_host, checked_origin

if TYPE_CHECKING:
    from openai import AsyncAzureOpenAI, AzureOpenAI

_API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?|preview|latest|v1", re.ASCII)


def _plain_endpoint(url: str) -> str:
    checked_origin(url)
    path = url.rstrip("/").lower()
    if path.endswith("/openai/v1"):
        raise ValueError("is the v1 surface. Use the client provider 'openai' with base_url, or end before /openai")
    if path.endswith("/openai") or "/openai/deployments" in path:
        raise ValueError("has the path that the client adds itself. End it before /openai")
    return url


AzureUrl = Annotated[Text, AfterValidator(_plain_endpoint)]
Deployment = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")]


class AzureEndpoint(EndpointOptions):
    """An entry of `endpoints`.

    Attributes:
        azure_endpoint: URL of the resource.
        azure_deployment: the deployment of every request; without it each request's model names it.
    """

    azure_endpoint: AzureUrl
    azure_deployment: Deployment | None = None

    @model_validator(mode="after")
    def _allowed_host(self) -> Self:
        check_host(self, "azure_endpoint", self.azure_endpoint)
        return self

    def _goes_to(self) -> tuple[str, str | None]:
        return f"{self.azure_endpoint.rstrip('/')}/openai/", self.azure_deployment

    def _key_header(self) -> Literal["api-key"]:
        return "api-key"


class AzureOpenAIOptions(ClientOptions):
    """Options of `azure_openai`.

    Attributes:
        endpoints: several resources or deployments; instead of `azure_endpoint` and `azure_deployment`.
        azure_endpoint: URL of the resource, `https://contoso.openai.azure.com`.
        api_version: version of the REST API, `2024-10-21`.
        azure_deployment: the deployment of every request; without it each request's model names it.
    """

    endpoints: tuple[AzureEndpoint, ...] = ()
    azure_endpoint: AzureUrl | None = Field(None, validate_default=True)
    api_version: Text
    azure_deployment: Deployment | None = None

    @field_validator("azure_endpoint")
    @classmethod
    def _given(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url is None and info.data.get("endpoints") == ():
            raise PydanticCustomError("byoclient_missing", MISSING.rstrip("."))
        return url

    @field_validator("api_version")
    @classmethod
    def _known_form(cls, version: str) -> str:
        if not _API_VERSION.fullmatch(version):
            raise ValueError("is no version of the API. Write one such as 2024-10-21")
        return version

    @model_validator(mode="after")
    def _allowed_host(self) -> Self:
        if self.azure_endpoint is not None:
            check_host(self, "azure_endpoint", self.azure_endpoint)
        return self

    def client_arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of both clients, without the credential."""
        from byoclient.transport.endpoints import PLACEHOLDER_URL

        return {
            **super().client_arguments(),
            "azure_endpoint": self.azure_endpoint or PLACEHOLDER_URL,
            "api_version": self.api_version,
            "azure_deployment": self.azure_deployment,
        }


def client(options: AzureOpenAIOptions) -> AzureOpenAI:
    """Return an `openai.AzureOpenAI`; sends nothing."""
    from byoclient.transport import failover_transports, http, sdk

    if options.endpoints:
        return sdk.AzureOpenAI(
            **options.client_arguments(),
            **failover_transports.arguments_of(options.http, options.all_endpoints()),
        )
    return sdk.AzureOpenAI(
        **options.client_arguments(),
        api_key=options.key(again=asks_for_keys()),
        azure_ad_token_provider=options.tokens(),
        http_client=http.http_client(options.http, options.binding(), options.tokens()),
    )


def async_client(options: AzureOpenAIOptions) -> AsyncAzureOpenAI:
    """Return an `openai.AsyncAzureOpenAI`; sends nothing."""
    from byoclient.transport import failover_transports, http, sdk

    if options.endpoints:
        return sdk.AsyncAzureOpenAI(
            **options.client_arguments(),
            **failover_transports.async_arguments_of(options.http, options.all_endpoints()),
        )
    return sdk.AsyncAzureOpenAI(
        **options.client_arguments(),
        api_key=options.async_key(again=asks_for_keys()),
        azure_ad_token_provider=options.async_tokens(),
        http_client=http.async_http_client(options.http, options.binding(), options.tokens()),
    )


def asks_for_keys() -> bool:
    """Whether the SDK's Azure clients call a key that is a function before each request.

    openai 2.54 takes one and never calls it; 3.54 calls it.
    """
    from openai import AzureOpenAI

    return "_refresh_api_key" in AzureOpenAI._prepare_options.__code__.co_names
