"""YAML files for an emulator, by the way in which they sign in."""

from __future__ import annotations

from openai.types.chat import ChatCompletionMessageParam

from byoclient.emulator import Emulator

MESSAGES: list[ChatCompletionMessageParam] = [{"role": "user", "content": "ping"}]


def azure_file(emulator: Emulator, sign_in: str, *, side: str = "both", more: str = "") -> str:
    """Return a file of the deployments surface; `sign_in` and `more` are YAML lines of its options."""
    return (
        "model: gpt-4o\n"
        + _providers("azure_openai", side)
        + "options:\n"
        + f"  azure_endpoint: {emulator.url}\n"
        + "  api_version: 2024-10-21\n"
        + f"  {sign_in}\n{more}"
    )


def v1_file(emulator: Emulator, sign_in: str, *, more: str = "") -> str:
    """Return a file of the v1 surface."""
    options = f"options:\n  base_url: {emulator.url}/openai/v1/\n  {sign_in}\n{more}"
    return "model: gpt-4o\n" + _providers("openai", "both") + options


def client_secret(emulator: Emulator, *, secret: str | None = None) -> str:
    """Return a credential that signs in at the emulator's https token endpoint."""
    return _at_entra(emulator, f"kind: client_secret, client_secret: {secret or emulator.client_secret}")


def device_code(emulator: Emulator) -> str:
    """Return a credential of a person, who signs in there."""
    return _at_entra(emulator, "kind: device_code")


def _at_entra(emulator: Emulator, own: str) -> str:
    return (
        f"credential: {{{own}, tenant_id: {emulator.tenant_id}, client_id: {emulator.client_id}, "
        f"authority: '{emulator.tls_url}', disable_instance_discovery: true, "
        f"http: {{ca_file: '{emulator.ca_file}'}}}}"
    )


def _providers(name: str, side: str) -> str:
    lines = {"both": ("client_provider", "async_client_provider"), "sync": ("client_provider",)}
    keys = lines.get(side, ("async_client_provider",))
    return "".join(f"{key}: {name}\n" for key in keys)
