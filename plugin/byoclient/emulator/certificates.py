"""A certificate authority and a server certificate of this emulator's own, as PEM files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme

NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where the files are.

    Attributes:
        authority: the certificate authority, for clients to trust.
        server: the server's key and certificate chain.
    """

    authority: Path
    server: Path


def make_certificates(folder: Path) -> CertificateFiles:
    """Make both in this folder, which only this user can read."""
    files = CertificateFiles(folder / "ca.pem", folder / "server.pem")
    authority = trustme.CA(organization_name="byoclient emulator")
    authority.cert_pem.write_to_path(str(files.authority))
    certificate = authority.issue_cert(*NAMES, organization_name="byoclient emulator")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(files.server))
    return files
