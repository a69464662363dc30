"""How a credential itself reaches Entra ID."""

from __future__ import annotations

from typing import Any

from byoclient.config import StrictModel
from byoclient.config.fields import FilePath, Seconds, Secret


class IdentityHttp(StrictModel):
    """How the credential itself reaches Entra ID (`http:` in a credential).

    Attributes:
        ca_file: PEM file of the certificate authorities to trust instead of the default ones.
        proxy: URL of an http proxy.
        connect_timeout: seconds; azure-identity's own default is 300.
        read_timeout: seconds; azure-identity's own default is 300.
        trust_env: whether `HTTPS_PROXY` and the like count.
    """

    ca_file: FilePath | None = None
    proxy: Secret | None = None
    connect_timeout: Seconds = 5.0
    read_timeout: Seconds = 20.0
    trust_env: bool = False

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of azure-core's transport (1.41)."""
        arguments: dict[str, Any] = {
            "connection_timeout": self.connect_timeout,
            "read_timeout": self.read_timeout,
            "use_env_settings": self.trust_env,
        }
        if self.ca_file:
            arguments["connection_verify"] = self.ca_file
        if self.proxy:
            arguments["proxies"] = {"https": self.proxy.get_secret_value()}
        return arguments
