"""Credentials of an application: with a secret or a certificate of its own."""

from __future__ import annotations

import base64
import binascii
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import model_validator

from byoclient.config.fields import Text
from byoclient.config.models import StrictModel
from byoclient.config.secret_fields import LongSecret, SourcedSecret
from byoclient.errors import ConfigError
from byoclient.identity.base import EntraCredentialConfig
from byoclient.identity.following import following

if TYPE_CHECKING:
    from azure.core.credentials import SupportsTokenInfo


class ApplicationConfig(EntraCredentialConfig):
    """A kind that signs in as an application.

    Attributes:
        tenant_id: the Entra tenant.
        client_id: the application (client) id.
    """

    tenant_id: Text
    client_id: Text


class ClientSecretConfig(ApplicationConfig):
    """`kind: client_secret`: an application with a secret."""

    kind: Literal["client_secret"]
    client_secret: SourcedSecret

    def build(self) -> SupportsTokenInfo:
        """Return a `ClientSecretCredential`."""
        return following(self._build, self.client_secret)

    def _build(self) -> SupportsTokenInfo:
        from azure.identity import ClientSecretCredential

        secret = self.client_secret.get_secret_value()
        return ClientSecretCredential(self.tenant_id, self.client_id, secret, **self.arguments())

    def help(self) -> str:
        """Return what a person can do."""
        return "Check tenant_id, client_id and client_secret (its value, not its id), and whether it has expired."


class CertificateOptions(StrictModel):
    """A certificate with its RSA key.

    Attributes:
        certificate_path: PEM or PKCS12 file.
        certificate_data: text of a PEM file, or a PKCS12 file in base64; instead of the path.
        password: of the key.
        send_certificate_chain: for applications that trust a name and issuer instead of one certificate.
    """

    certificate_path: Text | None = None
    certificate_data: LongSecret | None = None
    password: SourcedSecret | None = None
    send_certificate_chain: bool = False

    def certificate_arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of azure-identity, but for those that say where the certificate is."""
        password = self.password.get_secret_value() if self.password else None
        return {"password": password, "send_certificate_chain": self.send_certificate_chain}

    def certificate(self) -> bytes | None:
        """Return `certificate_data` as a file's content; None where a path is given.

        Raises:
            ConfigError: it is neither PEM nor base64.
        """
        if self.certificate_data is None:
            return None
        text = self.certificate_data.get_secret_value()
        if "-----BEGIN" in text:
            return text.encode()
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            raise ConfigError("certificate_data is neither the text of a PEM file nor PKCS12 in base64.") from None


class ClientCertificateConfig(ApplicationConfig, CertificateOptions):
    """`kind: client_certificate`: an application with a certificate."""

    kind: Literal["client_certificate"]

    @model_validator(mode="after")
    def _one_certificate(self) -> Self:
        if self.certificate_path and self.certificate_data:
            raise ValueError("holds certificate_path and certificate_data. Keep one of them")
        if not self.certificate_path and not self.certificate_data:
            raise ValueError("holds neither certificate_path nor certificate_data. Give one of them")
        return self

    def build(self) -> SupportsTokenInfo:
        """Return a `CertificateCredential`."""
        return following(self._build, self.certificate_path, self.certificate_data, self.password)

    def _build(self) -> SupportsTokenInfo:
        from azure.identity import CertificateCredential

        build = partial(CertificateCredential, self.tenant_id, self.client_id, **self.arguments())
        return build(
            certificate_path=self.certificate_path,
            certificate_data=self.certificate(),
            **self.certificate_arguments(),
        )

    def help(self) -> str:
        """Return what a person can do."""
        return (
            "Check tenant_id and client_id, that the file holds the certificate with its RSA key, and that the "
            "certificate is the application's and has not expired."
        )
