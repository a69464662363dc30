"""Client providers with the mistakes that authors make."""

from openai import AzureOpenAI

import byoclient
from acme_llm import Options
from acme_llm import gateway as working_gateway


def nothing(options: Options) -> AzureOpenAI:  # type: ignore[return]
    """Make the client, and forget to return it."""
    working_gateway(options)


def raising(options: Options) -> AzureOpenAI:
    """Tell the key to everybody who reads the log."""
    raise PermissionError(f"the key {options.subscription_key.get_secret_value()} is not known in {options.region}")


async def awaited(options: Options) -> AzureOpenAI:
    """Want to be awaited."""
    return working_gateway(options)


def leaking(clients: byoclient.Clients) -> None:
    """An adapter that tells the key, too."""
    raise ValueError(f"the framework does not like {clients.client().api_key}")
