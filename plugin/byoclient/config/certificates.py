"""`client_certificate:` of `http:` options: a PEM file with certificate and key, or a file for each."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Discriminator, Tag

from byoclient.config.fields import FilePath
from byoclient.config.models import StrictModel
from byoclient.config.sources import state_of

MAX_BYTES = 2 * 1024 * 1024


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


def load_certificate(context: ssl.SSLContext, cert_file: str, key_file: str | None) -> None:
    """Let a context show a certificate.

    Raises:
        ValueError: the files cannot be read, or hold no certificate with its key.
    """
    try:
        # Without the password OpenSSL would ask for that of an encrypted key on the terminal.
        context.load_cert_chain(cert_file, key_file, password="")
    except (OSError, ValueError):
        raise ValueError("is no PEM certificate with its private key, not encrypted") from None


def holds_authorities(path: str) -> bool:
    """Whether a file holds certificates of authorities, in PEM."""
    return _is_loaded(*_state_of(path))


def _usable(certificate: str | CertificateAndKey) -> str | CertificateAndKey:
    cert_file, key_file = certificate_files(certificate)
    if not _is_loaded(*_state_of(cert_file), *_state_of(key_file or cert_file)):
        raise ValueError("is no PEM certificate with its private key, not encrypted")
    return certificate


def _state_of(path: str) -> tuple[str, object]:
    return os.path.realpath(path), state_of(path)


@lru_cache(maxsize=64)  # loading the usual authorities takes 30 ms, and a file may name them hundreds of times
def _is_loaded(path: str, state: object, key_path: str | None = None, key_state: object = None) -> bool:
    """Whether OpenSSL takes a file of authorities or, where a key is given, a certificate with its key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if not all(0 < os.stat(file).st_size <= MAX_BYTES for file in (path, key_path or path)):
            return False  # OpenSSL reads to the end, which a file without a size may not have
        if key_path is None:
            context.load_verify_locations(path)
        else:
            load_certificate(context, path, key_path)
    except (OSError, ValueError):
        return False
    return True


def _form(certificate: object) -> str:
    return "one file" if isinstance(certificate, str) else "two files"


ClientCertificate = Annotated[
    Annotated[FilePath, Tag("one file")] | Annotated[CertificateAndKey, Tag("two files")],
    Discriminator(_form),  # what is wrong with one form is told, and not also that it is not the other
    AfterValidator(_usable),
]
