"""`byoclient emulate`."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from byoclient.emulator import Emulator


PORT = click.IntRange(0, 65535)
LIFETIME = click.FloatRange(0, 86_400, min_open=True)
FREE = "a free one"


@click.command(short_help="Run the emulator on this machine until Ctrl-C.")
@click.option("--port", type=PORT, default=0, show_default=FREE, help="Port of the http side.")
@click.option("--tls-port", type=PORT, default=0, show_default=FREE, help="Port of the https side, with Entra ID.")
@click.option("--deployment", "deployments", multiple=True, help="A deployment that exists; may be repeated.")
@click.option("--token-lifetime", type=LIFETIME, default=3600.0, show_default=True, help="Seconds a token is valid.")
def emulate(port: int, tls_port: int, deployments: tuple[str, ...], token_lifetime: float) -> int:
    """Run the emulator of Azure OpenAI and Entra ID on this machine until Ctrl-C.

    It listens on loopback only. Its key and secret are well known: they protect nothing.
    """
    from byoclient.emulator import Emulator

    chosen: dict[str, Any] = {"deployments": deployments} if deployments else {}
    with Emulator(port=port, tls_port=tls_port, token_lifetime=token_lifetime, **chosen) as emulator:
        click.echo(_description(emulator))
        click.echo("Ctrl-C stops it.", err=True)
        threading.Event().wait()
    return 0


def _description(emulator: Emulator) -> str:
    """Return a YAML file for clients of this emulator, with the other ways to sign in as comments."""
    environment = "\n".join(f"#   {name}={value}" for name, value in emulator.identity_environment.items())
    return f"""\
# A byoclient file for this emulator. It holds a secret, if a well-known one: let only you read it (chmod 600).
model: {emulator.deployments[0]}
client_provider: azure_openai
async_client_provider: azure_openai
options:
  azure_endpoint: {emulator.url}
  api_version: 2024-10-21
  credential:
    kind: client_secret
    tenant_id: {emulator.tenant_id}
    client_id: {emulator.client_id}
    client_secret: {emulator.client_secret}
    authority: {emulator.tls_url}
    disable_instance_discovery: true
    http: {{ca_file: {emulator.ca_file}}}
# Or with its key instead of the credential:
#   api_key: {emulator.api_key}
# Or with 'credential: {{kind: managed_identity}}' and these variables:
{environment}
"""
