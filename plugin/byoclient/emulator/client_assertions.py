"""What an application presents instead of a secret: a federated token, or a JWT that its certificate signed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from byoclient.emulator.auth import same
from byoclient.emulator.entra_errors import EntraError
from byoclient.emulator.jwts import claims_of, is_signed_by
from byoclient.emulator.settings import Settings

LINK = "https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials"
SEE = f"Review the documentation at {LINK}."
SKEW = 300.0  # seconds that clocks may differ


def check_client_assertion(assertion: str, settings: Settings, endpoint: str) -> None:
    """Let a client assertion pass; the signature is checked where the emulator knows the certificate.

    Args:
        assertion: as it was sent.
        settings: those of the emulator.
        endpoint: the URL of the token endpoint, which the JWT must be for.

    Raises:
        EntraError: Entra would not accept it either.
    """
    if same(assertion, settings.federated_token):
        return
    claims = claims_of(assertion)
    if claims is None:
        raise refusal(50027, "JWT token is invalid or malformed.")
    if claims.get("iss") != settings.client_id or claims.get("sub") != settings.client_id:
        raise refusal(700021, f"Client assertion application identifier doesn't match 'client_id' parameter. {SEE}")
    if claims.get("aud") != endpoint:
        raise refusal(700023, f"Client assertion audience claim does not match Realm issuer. {SEE}")
    check_time(claims, settings.clock())
    if settings.client_certificate and not is_signed_by(assertion, settings.client_certificate):
        message = (
            "The certificate with identifier used to sign the client assertion is not registered on application. "
            "[Reason - The key was not found.]"
        )
        raise refusal(700027, message)


def check_time(claims: dict[str, Any], now: float) -> None:
    """Raise Entra's error for an assertion that is too old or too young."""
    begins, ends = claims.get("nbf", 0), claims.get("exp")
    if not isinstance(begins, (int, float)) or not isinstance(ends, (int, float)):
        raise refusal(50027, "JWT token is invalid or malformed.")
    if not begins - SKEW <= now < ends + SKEW:
        message = (
            f"Client assertion is not within its valid time range. Current time: {moment(now)}, assertion valid from "
            f"{moment(begins)}, expiry time of assertion {moment(ends)}. {SEE}"
        )
        raise refusal(700024, message)


def moment(seconds: float) -> str:
    """Return a time as Entra writes it."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S.0000000Z}"
    except (OverflowError, OSError, ValueError):  # years that no calendar has
        return "(no time)"


def refusal(code: int, message: str) -> EntraError:
    """Return the error for a client that did not prove who it is."""
    return EntraError(401, "invalid_client", code, message)
