"""How a client connects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from byoclient.config.http import HttpOptions

if TYPE_CHECKING:
    import ssl


class ClientHttp(HttpOptions):
    """`http:` in the options of a client provider."""

    def verify(self) -> ssl.SSLContext | bool:
        """Return the `verify` argument of an http client."""
        import ssl

        return ssl.create_default_context(cafile=self.ca_file) if self.ca_file else True
