"""OpenAI clients for the gateway of Acme: what a platform team would ship."""

import os
from typing import Any, Literal

from openai import AsyncAzureOpenAI, AzureOpenAI
from pydantic import BaseModel, SecretStr

API_VERSION = "2024-10-21"


class Options(BaseModel):
    """Options of `acme_gateway`."""

    endpoint: str
    subscription_key: SecretStr
    region: Literal["weu", "eus"]


def gateway(options: Options) -> AzureOpenAI:
    """Return a client of the gateway."""
    return AzureOpenAI(**_gateway_arguments(options))


def async_gateway(options: Options) -> AsyncAzureOpenAI:
    """Return an async client of the gateway."""
    return AsyncAzureOpenAI(**_gateway_arguments(options))


def _gateway_arguments(options: Options) -> dict[str, Any]:
    return {
        "azure_endpoint": options.endpoint,
        "api_key": options.subscription_key.get_secret_value(),
        "api_version": API_VERSION,
        "default_headers": {"x-acme-region": options.region},
    }


class AzureOptions(BaseModel):
    """Options of `acme_azure`: named as those of byoclient's own `azure_openai`, so that one can replace the other."""

    azure_endpoint: str
    api_version: str
    api_key: SecretStr


def azure(options: AzureOptions) -> AzureOpenAI:
    """Return a client that says who pays."""
    return AzureOpenAI(**_azure_arguments(options))


def async_azure(options: AzureOptions) -> AsyncAzureOpenAI:
    """Return an async client that says who pays."""
    return AsyncAzureOpenAI(**_azure_arguments(options))


def _azure_arguments(options: AzureOptions) -> dict[str, Any]:
    return {
        "azure_endpoint": options.azure_endpoint,
        "api_key": options.api_key.get_secret_value(),
        "api_version": options.api_version,
        "default_headers": {"x-acme-cost-centre": "4711"},
    }


def plain() -> AzureOpenAI:
    """Return a client as the environment describes it."""
    return AzureOpenAI(**_plain_arguments())


def async_plain() -> AsyncAzureOpenAI:
    """Return an async client as the environment describes it."""
    return AsyncAzureOpenAI(**_plain_arguments())


def assertion() -> str:
    """Return what proves to Entra ID which application this is."""
    return os.environ["ACME_ASSERTION"]


def unadvertised() -> AzureOpenAI:
    """Return a client; no entry point names this function."""
    return AzureOpenAI(**_plain_arguments())


def unadvertised_too() -> AzureOpenAI:
    """Return a client; no entry point names this function either."""
    return unadvertised()


def _plain_arguments() -> dict[str, Any]:
    return {
        "azure_endpoint": os.environ["ACME_ENDPOINT"],
        "api_key": os.environ["ACME_KEY"],
        "api_version": API_VERSION,
    }
