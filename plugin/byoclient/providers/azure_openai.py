"""`azure_openai`: the deployments surface of Azure OpenAI, with an API key or any Entra credential."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from byoclient.config.fields import Text
from byoclient.providers.options import ClientOptions, check_host, checked_origin

if TYPE_CHECKING:
    from openai import AsyncAzureOpenAI, AzureOpenAI

_API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?|preview|latest|v1", re.ASCII)


class AzureOpenAIOptions(ClientOptions):
    """Options of `azure_openai`.

    Attributes:
        azure_endpoint: URL of the resource, `https://contoso.openai.azure.com`.
        api_version: version of the REST API, `2024-10-21`.
        azure_deployment: the deployment of every request; without it each request's model names it.
    """

    azure_endpoint: Text
    api_version: Text
    azure_deployment: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")] | None = None

    @field_validator("azure_endpoint")
    @classmethod
    def _plain_endpoint(cls, url: str) -> str:
        checked_origin(url)
        path = url.rstrip("/").lower()
        if path.endswith("/openai/v1"):
            raise ValueError("is the v1 surface. Use the client provider 'openai' with base_url, or end before /openai")
        if path.endswith("/openai") or "/openai/deployments" in path:
            raise ValueError("has the path that the client adds itself. End it before /openai")
        return url

    @field_validator("api_version")
    @classmethod
    def _known_form(cls, version: str) -> str:
        if not _API_VERSION.fullmatch(version):
            raise ValueError("is no version of the API. Write one such as 2024-10-21")
        return version

    @model_validator(mode="after")
    def _allowed_host(self) -> Self:
        check_host(self, "azure_endpoint", self.azure_endpoint)
        return self

    def client_arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of both clients, without the credential."""
        return {
            **super().client_arguments(),
            "azure_endpoint": self.azure_endpoint,
            "api_version": self.api_version,
            "azure_deployment": self.azure_deployment,
        }


def client(options: AzureOpenAIOptions) -> AzureOpenAI:
    """Return an `openai.AzureOpenAI`; sends nothing."""
    from byoclient.transport import http, sdk

    return sdk.AzureOpenAI(
        **options.client_arguments(),
        api_key=options.key(again=asks_for_keys()),
        azure_ad_token_provider=options.tokens(),
        http_client=http.http_client(options.http, options.binding(), options.tokens()),
    )


def async_client(options: AzureOpenAIOptions) -> AsyncAzureOpenAI:
    """Return an `openai.AsyncAzureOpenAI`; sends nothing."""
    from byoclient.transport import http, sdk

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
