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
        accepted, error = same(key, settings.api_key), azure_errors.wrong_key()
    else:
        accepted, error = has_token(request, settings, tokens, v1=v1), azure_errors.wrong_token()
    if not accepted:
        raise error


def has_token(request: RecordedRequest, settings: Settings, tokens: Tokens, *, v1: bool) -> bool:
    """Return whether the bearer token is valid here."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return False
    return (v1 and same(bearer, settings.api_key)) or tokens.accepts(bearer.strip(), AUDIENCES)


def same(given: str, expected: str) -> bool:
    """Compare two secrets in constant time."""
    return compare_digest(given.encode(), expected.encode())
