"""`http:` options in YAML: how a client connects."""

from __future__ import annotations

import ssl

from byoclient.config import StrictModel
from byoclient.config.fields import FilePath, Secret


class HttpOptions(StrictModel):
    """How a client connects (`http:` in a provider's options).

    Attributes:
        ca_file: PEM file of the certificate authorities to trust instead of the system's.
        proxy: URL of a proxy.
        trust_env: whether `HTTPS_PROXY`, `SSL_CERT_FILE` and the like count.
    """

    ca_file: FilePath | None = None
    proxy: Secret | None = None
    trust_env: bool = False

    def verify(self) -> ssl.SSLContext | bool:
        """Return the `verify` argument of an http client."""
        return ssl.create_default_context(cafile=self.ca_file) if self.ca_file else True

    def proxy_url(self) -> str | None:
        """Return the `proxy` argument of an http client."""
        return self.proxy.get_secret_value() if self.proxy else None
