"""Bring your own OpenAI client, from YAML.

A YAML file names the functions that make the sync and the async client; `load()` finds them through Python
entry points, and the clients plug into the LLM config of the framework that the program uses:

    import byoclient

    clients = byoclient.load("configs/emulator.yaml")     # validated; no SDK imported, no network
    clients.client()                                      # openai.AzureOpenAI
    clients.async_client()                                # openai.AsyncAzureOpenAI
    clients.plug("langroid")                              # langroid.language_models.AzureConfig
"""

from byoclient.clients import Clients, load
from byoclient.errors import (
    AdapterError,
    ByoclientError,
    ClosedError,
    ConfigError,
    ConfigErrors,
    CredentialError,
    EmulatorError,
    ProviderError,
    ResolveError,
    TrustError,
)
from byoclient.trust import Trust

__all__ = [
    "AdapterError",
    "ByoclientError",
    "Clients",
    "ClosedError",
    "ConfigError",
    "ConfigErrors",
    "CredentialError",
    "EmulatorError",
    "ProviderError",
    "ResolveError",
    "Trust",
    "TrustError",
    "load",
]
