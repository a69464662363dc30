"""The two sides: plain openai with azure-identity, and byoclient."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from types import ModuleType
from typing import Any

SCOPE = "https://cognitiveservices.azure.com/.default"
VERSION = "2024-10-21"


@dataclass(frozen=True)
class Where:
    """The emulator, and the application that signs in to it with a client secret."""

    url: str
    tls_url: str
    ca_file: str
    tenant_id: str
    client_id: str
    client_secret: str


class Plain:
    """What the documentation of openai and azure-identity shows; each client has a credential of its own."""

    plain = True

    def __init__(self, where: Where, kind: str) -> None:
        self.where, self.kind = where, kind

    def sync(self) -> Any:
        """Return a client with the sync credential."""
        from azure import identity
        from openai import AzureOpenAI

        return AzureOpenAI(**self._arguments(identity))

    def asynchronous(self) -> Any:
        """Return its twin, with the aio credential."""
        from azure.identity import aio
        from openai import AsyncAzureOpenAI

        return AsyncAzureOpenAI(**self._arguments(aio))

    def asynchronous_with_sync_token(self) -> Any:
        """Return an async client with the sync credential, as the SDK allows."""
        from azure import identity
        from openai import AsyncAzureOpenAI

        return AsyncAzureOpenAI(**self._arguments(identity))

    def _arguments(self, identity: ModuleType) -> dict[str, Any]:
        provider = identity.get_bearer_token_provider(self._credential(identity), SCOPE)
        endpoint = {"azure_endpoint": self.where.url, "api_version": VERSION}
        return {**endpoint, "azure_ad_token_provider": provider, "max_retries": 0}

    def _credential(self, identity: ModuleType) -> Any:
        if self.kind == "managed_identity":
            return identity.ManagedIdentityCredential()
        return identity.ClientSecretCredential(
            self.where.tenant_id,
            self.where.client_id,
            self.where.client_secret,
            authority=self.where.tls_url,
            disable_instance_discovery=True,
            connection_verify=self.where.ca_file,
        )


class Ours:
    """A YAML file; each client has a `load()` of its own."""

    plain = False

    def __init__(self, where: Where, kind: str) -> None:
        credential: dict[str, Any] = {"kind": kind}
        if kind == "client_secret":
            credential |= {name: getattr(where, name) for name in ("tenant_id", "client_id", "client_secret")}
            credential |= {"authority": where.tls_url, "disable_instance_discovery": True}
            credential |= {"http": {"ca_file": where.ca_file}}
        options = {"azure_endpoint": where.url, "api_version": VERSION, "max_retries": 0, "credential": credential}
        providers = dict.fromkeys(("client_provider", "async_client_provider"), "azure_openai")
        handle, self.path = tempfile.mkstemp(suffix=".yaml")
        os.write(handle, json.dumps({"model": "gpt-4o", **providers, "options": options}).encode())  # JSON is YAML
        os.close(handle)

    def sync(self) -> Any:
        """Return a client."""
        import byoclient

        return byoclient.load(self.path).client()

    def asynchronous(self) -> Any:
        """Return its twin."""
        import byoclient

        return byoclient.load(self.path).async_client()

    asynchronous_with_sync_token = asynchronous


Side = Plain | Ours
