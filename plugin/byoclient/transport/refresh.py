"""One refresh when the service refuses a token: drop that token, get a new one, send the request once more."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass, field
from typing import Any

import openai

from byoclient.errors import CredentialError
from byoclient.identity.sharing import TokenProvider
from byoclient.transport.compat import httpx

_CLAIMS = re.compile(r'\bclaims="([^"]*)"')


class TokenError(CredentialError, openai.OpenAIError):
    """No new token after the service refused the old one.

    It is an OpenAIError too, since the SDK passes only those through; others it would retry.
    """


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a 401 says.

    Attributes:
        token: the refused token.
        claims: the claims challenge, decoded; None where there is none.
    """

    token: str = field(repr=False)
    claims: str | None


class RefreshOnce(httpx.Auth):  # type: ignore[misc]  # one class for httpx and httpx2
    """Sends a request once more with a new token where a token of this source was refused.

    A second refusal is the caller's answer; so is one after which the source still has no other token, such as a
    static one, and that of a request whose body cannot be sent again, or with an Authorization header of the caller's
    own.
    """

    def __init__(self, tokens: TokenProvider) -> None:
        self._tokens = tokens

    def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        """Send, and perhaps once more."""
        response = yield request
        refusal = self._refusal(request, response)
        if refusal:
            self._tokens.source.invalidate(refusal.token, refusal.claims)
            try:
                token = self._tokens()
            except CredentialError as error:
                raise token_error(error) from error.__cause__
            if token != refusal.token:
                yield _signed(request, token)

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        """Its async twin."""
        response = yield request
        refusal = self._refusal(request, response)
        if refusal:
            self._tokens.source.invalidate(refusal.token, refusal.claims)
            try:
                token = await self._tokens.async_call()
            except CredentialError as error:
                raise token_error(error) from error.__cause__
            if token != refusal.token:
                yield _signed(request, token)

    def _refusal(self, request: Any, response: Any) -> Refusal | None:
        if response.status_code != 401 or not can_be_sent_again(request):
            return None
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or not self._tokens.source.gave(token):
            return None
        return Refusal(token, _claims(response.headers.get("WWW-Authenticate", "")))


def can_be_sent_again(request: Any) -> bool:
    """Whether a request's body is held, and not a stream that sending it consumes."""
    try:
        return request.content is not None
    except httpx.RequestNotRead:  # a stream that has been consumed
        return False


def _claims(challenge: str) -> str | None:
    match = _CLAIMS.search(challenge)
    if match is None:
        return None
    try:
        padded = match[1] + "=" * (-len(match[1]) % 4)
        return base64.b64decode(padded, altchars=b"-_").decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _signed(request: Any, token: str) -> Any:
    request.headers["Authorization"] = f"Bearer {token}"
    return request


def token_error(error: CredentialError) -> TokenError:
    """Return an error of a credential as the SDK lets it through."""
    return TokenError(error.message, file=error.file, line=error.line, key=error.key)
