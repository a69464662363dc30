"""`openai`: the v1 surface of api.openai.com, of Azure (`/openai/v1/`), and of OpenAI-compatible servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pydantic import field_validator, model_validator

from byoclient.config.fields import Text
from byoclient.identity.clouds import CLOUDS
from byoclient.providers.options import ClientOptions, check_host, checked_origin

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI


class OpenAIOptions(ClientOptions):
    """Options of `openai`.

    Attributes:
        base_url: URL up to and with the version, `https://contoso.openai.azure.com/openai/v1/`.
        organization: sent as the header OpenAI-Organization.
        project: sent as the header OpenAI-Project.
    """

    base_url: Text = "https://api.openai.com/v1"
    organization: Text | None = None
    project: Text | None = None

    @field_validator("base_url")
    @classmethod
    def _plain_url(cls, url: str) -> str:
        origin = checked_origin(url)
        on_azure = any(cloud.owns(origin) for cloud in CLOUDS.values())
        if on_azure and not url.rstrip("/").endswith("/openai/v1"):
            raise ValueError("is an Azure host without the path of the v1 surface. End it with /openai/v1/")
        return url

    @model_validator(mode="after")
    def _allowed_host(self) -> Self:
        check_host(self, "base_url", self.base_url)
        return self

    def _own_hosts(self) -> tuple[str, ...]:
        return () if self.credential else ("api.openai.com",)

    def client_arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of both clients, without the credential."""
        return {
            **super().client_arguments(),
            "base_url": self.base_url,
            "organization": self.organization,
            "project": self.project,
        }


def client(options: OpenAIOptions) -> OpenAI:
    """Return an `openai.OpenAI`; sends nothing."""
    from byoclient.transport import http, sdk

    return sdk.OpenAI(
        **options.client_arguments(),
        api_key=options.key() or options.tokens(),
        http_client=http.http_client(options.http, options.binding(), options.tokens()),
    )


def async_client(options: OpenAIOptions) -> AsyncOpenAI:
    """Return an `openai.AsyncOpenAI`; sends nothing."""
    from byoclient.transport import http, sdk

    return sdk.AsyncOpenAI(
        **options.client_arguments(),
        api_key=options.async_key() or options.async_tokens(),
        http_client=http.async_http_client(options.http, options.binding(), options.tokens()),
    )
