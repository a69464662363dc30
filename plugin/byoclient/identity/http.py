"""How a credential itself reaches Entra ID."""

from __future__ import annotations

from typing import Any

from byoclient.config.certificates import certificate_files
from byoclient.config.fields import Seconds
from byoclient.config.http import HttpOptions


class IdentityHttp(HttpOptions):
    """`http:` in a credential.

    Attributes:
        connect_timeout: seconds; azure-identity's own default is 300.
        read_timeout: seconds; azure-identity's own default is 300.
    """

    connect_timeout: Seconds = 5.0
    read_timeout: Seconds = 10.0

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of azure-core's transport (1.41)."""
        arguments: dict[str, Any] = {
            "connection_timeout": self.connect_timeout,
            "read_timeout": self.read_timeout,
            "use_env_settings": self.trust_env,
            "retry_total": 1,  # a request waits for this; the default, 3 with pauses, takes many seconds
        }
        if self.ca_file:
            arguments["connection_verify"] = self.ca_file
        if self.client_certificate:
            cert_file, key_file = certificate_files(self.client_certificate)
            arguments["connection_cert"] = (cert_file, key_file) if key_file else cert_file
        if self.proxy:
            arguments["proxies"] = {"https": self.proxy_url()}
        return arguments
