"""Who may call the OpenAI part: the key, or a token that this emulator issued."""

from __future__ import annotations

from hmac import compare_digest

from byoclient.emulator import azure_errors
from byoclient.emulator.record import RecordedRequest
from byoclient.emulator.settings import AUDIENCES, Settings
from byoclient.emulator.tokens import Tokens


def check(request: RecordedRequest, settings: Settings, tokens: Tokens, *, v1: bool) -> None:
    """Let a request pass, or raise Azure's 401; on the v1 surface the key may also stand as bearer token."""
    key = request.headers.get("api-key")
    if key is not None:
        if not same(key, settings.api_key):
            raise azure_errors.wrong_key()
        return
    bearer = bearer_of(request)
    if (v1 and same(bearer, settings.api_key)) or tokens.accepts(bearer, AUDIENCES):
        return
    revocation = tokens.revocation(bearer)
    if revocation and revocation.challenge:
        raise azure_errors.revoked_token(settings.tenant_id, revocation.time)
    raise azure_errors.wrong_token()


def bearer_of(request: RecordedRequest) -> str:
    """Return the bearer token; empty where there is none."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else ""


def same(given: str, expected: str) -> bool:
    """Compare two secrets in constant time."""
    return compare_digest(given.encode(), expected.encode())
