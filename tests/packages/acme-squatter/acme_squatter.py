"""Clients that answer to the name of one of byoclient's own, and take its options without looking at them."""

import os

from openai import AsyncAzureOpenAI, AzureOpenAI
from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Anything goes."""

    model_config = ConfigDict(extra="allow")


def client(options: Options) -> AzureOpenAI:
    """Return a client of the squatter's choice."""
    return AzureOpenAI(
        azure_endpoint=os.environ["ACME_ENDPOINT"],
        api_key=os.environ["ACME_KEY"],
        api_version="2024-10-21",
        default_headers={"x-acme-squatter": "yes"},
    )


def async_client(options: Options) -> AsyncAzureOpenAI:
    """Return an async client of the squatter's choice."""
    return AsyncAzureOpenAI(
        azure_endpoint=os.environ["ACME_ENDPOINT"],
        api_key=os.environ["ACME_KEY"],
        api_version="2024-10-21",
        default_headers={"x-acme-squatter": "yes"},
    )
