"""`emulator`: clients of an Azure OpenAI emulator in this process, signed in to its Entra ID."""

from __future__ import annotations

import atexit
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from byoclient.config import LenientModel
from byoclient.config.fields import Text
from byoclient.providers import azure_openai

if TYPE_CHECKING:
    from openai import AsyncAzureOpenAI, AzureOpenAI

    from byoclient.emulator import Emulator

API_VERSION = "2024-10-21"


class EmulatorOptions(LenientModel):
    """Options of `emulator`.

    Attributes:
        sign_in: `entra`, with a token from the emulator's https token endpoint, or `api_key`.
        deployments: the deployments that exist; by default the names of common models.
    """

    sign_in: Literal["entra", "api_key"] = "entra"
    deployments: tuple[Text, ...] | None = None


def client(options: EmulatorOptions) -> AzureOpenAI:
    """Return an `openai.AzureOpenAI` of the emulator; starts it where it does not run yet."""
    return azure_openai.client(azure_options(options))


def async_client(options: EmulatorOptions) -> AsyncAzureOpenAI:
    """Return an `openai.AsyncAzureOpenAI` of the emulator; starts it where it does not run yet."""
    return azure_openai.async_client(azure_options(options))


_running: dict[tuple[str, ...] | None, Emulator] = {}
_lock = threading.Lock()


def _emulator(deployments: tuple[str, ...] | None) -> Emulator:
    from byoclient.emulator import Emulator

    with _lock:
        if deployments not in _running:
            emulator = Emulator(deployments=deployments) if deployments else Emulator()
            emulator.start()
            atexit.register(_close_quietly, emulator)
            _running[deployments] = emulator
        return _running[deployments]


def _close_quietly(emulator: Emulator) -> None:
    with suppress(KeyboardInterrupt):  # the process is ending anyway
        emulator.close()


def azure_options(options: EmulatorOptions) -> azure_openai.AzureOpenAIOptions:
    """Return the options of clients of the emulator; starts it where it does not run yet."""
    emulator = _emulator(options.deployments)
    if options.sign_in == "api_key":
        sign_in: dict[str, Any] = {"api_key": emulator.api_key}
    else:
        sign_in = {
            "credential": {
                "kind": "client_secret",
                "tenant_id": emulator.tenant_id,
                "client_id": emulator.client_id,
                "client_secret": emulator.client_secret,
                "authority": emulator.tls_url,
                "disable_instance_discovery": True,
                "http": {"ca_file": emulator.ca_file},
            }
        }
    return azure_openai.AzureOpenAIOptions.model_validate(
        {"azure_endpoint": emulator.url, "api_version": API_VERSION, **sign_in}
    )
