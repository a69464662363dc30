"""Bring your own OpenAI client, from YAML.

A YAML file names the functions that make the sync and the async client; `load()` finds them through Python
entry points, and the clients plug into the LLM config of the framework that the program uses:

    import byoclient

    clients = byoclient.load("configs/emulator.yaml")     # validated; no SDK imported, no network
    clients.client()                                      # openai.AzureOpenAI
    clients.async_client()                                # openai.AsyncAzureOpenAI
    clients.plug("langroid")                              # langroid.language_models.AzureConfig
"""

from typing import TYPE_CHECKING, Any

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
from byoclient.startup import without_collections
from byoclient.trust import Trust

if TYPE_CHECKING:
    from byoclient.clients import Clients, load, watch

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
    "watch",
]


def __getattr__(name: str) -> Any:
    """Import the rest, with pydantic and PyYAML, when it is first used."""
    if name not in ("Clients", "load", "watch"):
        raise AttributeError(f"module 'byoclient' has no attribute '{name}'")
    with without_collections():
        from byoclient import clients

    return getattr(clients, name)
