"""What all `http:` options have in common, of clients and of credentials."""

from __future__ import annotations

import re
from typing import Self

from pydantic import SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from byoclient.config.certificates import ClientCertificate, holds_authorities
from byoclient.config.context import TRUST_ERROR, trust_of
from byoclient.config.fields import FilePath, Secret
from byoclient.config.models import StrictModel
from byoclient.trust import Origin, parse_origin

_PROXY = re.compile(r"(?P<scheme>https?://)([^@/\s\\]*@)?(?P<rest>[^@/\s\\]+)/?", re.ASCII)

NO_PROXY_URL = "is no URL of an http proxy. Write one such as http://proxy.contoso.com:8080"


class HttpOptions(StrictModel):
    """How something connects.

    Attributes:
        ca_file: PEM file of the certificate authorities to trust instead of the default ones.
        proxy: URL of an http proxy, for what goes over https.
        client_certificate: PEM file of the certificate that proves to a server or proxy who connects, with its key;
            or `cert_file` and `key_file`.
        trust_env: whether `HTTPS_PROXY`, `SSL_CERT_FILE` and the like count.
    """

    ca_file: FilePath | None = None
    proxy: Secret | None = None
    client_certificate: ClientCertificate | None = None
    trust_env: bool = False

    @field_validator("ca_file")
    @classmethod
    def _certificates(cls, path: str | None) -> str | None:
        if path is not None and not holds_authorities(path):
            raise ValueError("is no PEM file with certificates")
        return path

    @field_validator("proxy")
    @classmethod
    def _proxy_url(cls, proxy: SecretStr | None) -> SecretStr | None:
        if proxy is not None and proxy_origin(proxy.get_secret_value()) is None:
            raise ValueError(NO_PROXY_URL)
        return proxy

    @model_validator(mode="after")
    def _proxy_that_cannot_read(self, info: ValidationInfo) -> Self:
        # Who runs a proxy can read TLS where the same file also says whose certificates are good.
        origin = proxy_origin(self.proxy.get_secret_value()) if self.proxy and self.ca_file else None
        if origin is not None and not origin.is_loopback and not trust_of(info).allows_host(origin):
            raise PydanticCustomError(
                TRUST_ERROR,
                "with a ca_file beside it, the proxy could read keys and tokens. Pass "
                'trust=Trust(hosts=("{host}",)) to load(), or --trust-host {host}',
                {"host": str(origin), "key": "proxy"},
            )
        return self

    def proxy_url(self) -> str | None:
        """Return the proxy's URL, with the password that it may hold."""
        return self.proxy.get_secret_value() if self.proxy else None


def proxy_origin(url: str) -> Origin | None:
    """Return scheme, host and port of a proxy's URL; None where it is none of an http proxy."""
    match = _PROXY.fullmatch(url)
    return parse_origin(match["scheme"] + match["rest"]) if match else None
