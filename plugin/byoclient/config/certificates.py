"""`client_certificate:` of `http:` options: a PEM file with certificate and key, or a file for each."""

from __future__ import annotations

import ssl
from typing import Annotated

from pydantic import AfterValidator

from byoclient.config.fields import FilePath
from byoclient.config.models import StrictModel


class CertificateAndKey(StrictModel):
    """Two PEM files.

    Attributes:
        cert_file: the certificate, and those between it and its authority.
        key_file: its private key, not encrypted.
    """

    cert_file: FilePath
    key_file: FilePath


def certificate_files(certificate: str | CertificateAndKey) -> tuple[str, str | None]:
    """Return the file of the certificate, and that of its key where that is another one."""
    if isinstance(certificate, str):
        return certificate, None
    return certificate.cert_file, certificate.key_file


def _usable(certificate: str | CertificateAndKey) -> str | CertificateAndKey:
    cert_file, key_file = certificate_files(certificate)
    try:
        # Without the password OpenSSL would ask for that of an encrypted key on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(cert_file, key_file, password="")
    except (OSError, ValueError):
        raise ValueError("is no PEM certificate with its private key, not encrypted") from None
    return certificate


ClientCertificate = Annotated[FilePath | CertificateAndKey, AfterValidator(_usable)]
