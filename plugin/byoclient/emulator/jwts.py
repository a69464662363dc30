"""JSON web tokens as texts: what this emulator issues is not signed, what clients sign may be checked."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from typing import Any

from byoclient.errors import EmulatorError

ALGORITHMS = ["RS256", "PS256"]  # those of Entra's client assertions


def unsigned(claims: Mapping[str, object]) -> str:
    """Return a token with these claims; nobody can guess what stands in place of its signature."""
    return ".".join((segment({"typ": "JWT", "alg": "none"}), segment(claims), secrets.token_urlsafe(32)))


def claims_of(text: str) -> dict[str, Any] | None:
    """Return the claims of a token, unchecked; None where it is none."""
    parts = text.split(".")
    if len(parts) != 3 or not text.isascii():
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def segment(value: Mapping[str, object]) -> str:
    """Return JSON as it stands in a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def check_certificate(pem: bytes) -> None:
    """Raise EmulatorError where this is no certificate."""
    try:
        _public_key(pem)
    except ValueError:
        raise EmulatorError("client_certificate is no certificate. Give its public part as PEM text.") from None


def is_signed_by(text: str, pem: bytes) -> bool:
    """Return whether the private key of this certificate signed a token."""
    import jwt

    try:
        jwt.PyJWS().decode(text, _public_key(pem), algorithms=ALGORITHMS)
    except (jwt.PyJWTError, TypeError):  # a TypeError: the key is of another kind than the signature
        return False
    return True


def _public_key(pem: bytes) -> Any:
    from cryptography.x509 import load_pem_x509_certificate

    return load_pem_x509_certificate(pem).public_key()
