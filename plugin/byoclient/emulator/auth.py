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
        return check_key(key, settings)
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise azure_errors.wrong_token()
    if v1 and same(bearer, settings.api_key):
        return None
    if not tokens.accepts(bearer.strip(), AUDIENCES):
        raise azure_errors.wrong_token()
    return None


def check_key(key: str, settings: Settings) -> None:
    """Raise Azure's 401 unless this is the key."""
    if not same(key, settings.api_key):
        raise azure_errors.wrong_key()


def same(given: str, expected: str) -> bool:
    """Compare two secrets in constant time."""
    return compare_digest(given.encode(), expected.encode())
