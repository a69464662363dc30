"""How a client connects."""

from __future__ import annotations

import ssl

from byoclient.config.http import HttpOptions


class ClientHttp(HttpOptions):
    """`http:` in the options of a client provider."""

    def verify(self) -> ssl.SSLContext | bool:
        """Return the `verify` argument of an http client."""
        return ssl.create_default_context(cafile=self.ca_file) if self.ca_file else True
