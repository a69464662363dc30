"""The on-behalf-of grant: an application exchanges the token that a user brought for one of another resource."""

from __future__ import annotations

from collections.abc import Mapping

from byoclient.emulator.client_assertions import moment
from byoclient.emulator.entra_errors import EntraError, required
from byoclient.emulator.jwts import segment, unsigned
from byoclient.emulator.replies import JsonObject
from byoclient.emulator.settings import USER, USER_ID, Settings
from byoclient.emulator.tokens import Token, Tokens

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
OIDC = {"openid", "profile", "email", "offline_access"}


def check_user_assertion(form: Mapping[str, str], settings: Settings, tokens: Tokens) -> None:
    """Let a user's token pass that this emulator issued for this application.

    Raises:
        EntraError: Entra would not accept it either.
    """
    if required(form, "requested_token_use") != "on_behalf_of":
        message = "The request has an unsupported value of 'requested_token_use'. It must be 'on_behalf_of'."
        raise EntraError(400, "invalid_request", 90023, message)
    text = required(form, "assertion")
    token, now = tokens.find(text), settings.clock()
    if token is None:
        raise refusal(50013, "Assertion failed signature validation. [Reason - The key was not found.]")
    if token.expires_on <= now:
        raise refusal(500133, too_old(now, token.expires_on))
    if token.audience not in settings.own_audiences:
        raise refusal(500131, for_another(token.audience, settings.client_id))
    if tokens.revocation(text):
        message = "The provided grant has expired due to it being revoked, a fresh auth token is needed."
        raise refusal(50173, message)


def resource_of(scope: str) -> str:
    """Return the resource that a scope is of; the words of OpenID Connect may stand beside it."""
    words = [word for word in scope.split() if word not in OIDC]
    if not words:
        raise EntraError(
            400, "invalid_scope", 70011, "The provided value for the input parameter 'scope' is not valid."
        )
    return words[0].rpartition("/")[0] if "://" in words[0] else words[0]


def about_the_user(scope: str, token: Token, settings: Settings, authority: str) -> JsonObject:
    """Return what the answer has beside the token: who the user is, if that was asked for."""
    if "openid" not in scope.split():
        return {"scope": scope}
    claims = {
        "aud": settings.client_id,
        "iss": f"{authority}/v2.0",
        "iat": int(token.issued_on),
        "exp": int(token.expires_on),
        "name": "Emulated User",
        "oid": USER_ID,
        "preferred_username": USER,
        "sub": USER_ID,
        "tid": settings.tenant_id,
        "ver": "2.0",
    }
    client_info = segment({"uid": USER_ID, "utid": settings.tenant_id})
    return {"scope": scope, "id_token": unsigned(claims), "client_info": client_info}


def refusal(code: int, message: str) -> EntraError:
    """Return the error for a user's token."""
    return EntraError(400, "invalid_grant", code, message)


def too_old(now: float, ends: float) -> str:
    """Return what is said of an expired one."""
    return (
        "Assertion is not within its valid time range. Ensure that the access token is not expired before using it for "
        f"user assertion, or request a new token. Current time: {moment(now)}, expiry time of assertion {moment(ends)}."
    )


def for_another(audience: str, client: str) -> str:
    """Return what is said of one for another application."""
    return (
        "Assertion audience does not match the Client app presenting the assertion. The audience in the assertion was "
        f"'{audience}' and the expected audience is '{client}' or one of the Application Uris of this application. The "
        "downstream client must request a token for the expected audience (the application that made the OBO request) "
        "and this application should use that token as the assertion."
    )
