"""Another gateway, by chance of the same name; its annotations are texts, as with any `from __future__` module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, SecretStr

if TYPE_CHECKING:
    from openai import AsyncAzureOpenAI, AzureOpenAI


class Options(BaseModel):
    """Options of this `acme_gateway`."""

    endpoint: str
    subscription_key: SecretStr
    region: str


def gateway(options: Options) -> AzureOpenAI:
    """Return a client of the other gateway."""
    import openai

    return openai.AzureOpenAI(
        azure_endpoint=options.endpoint,
        api_key=options.subscription_key.get_secret_value(),
        api_version="2024-10-21",
        default_headers={"x-acme-twin": options.region},
    )


def async_gateway(options: Options) -> AsyncAzureOpenAI:
    """Return an async client of the other gateway."""
    import openai

    return openai.AsyncAzureOpenAI(
        azure_endpoint=options.endpoint,
        api_key=options.subscription_key.get_secret_value(),
        api_version="2024-10-21",
        default_headers={"x-acme-twin": options.region},
    )
