"""The access tokens that this emulator issued: unguessable JWTs, kept in memory, which can be revoked."""

from __future__ import annotations

import threading
from collections.abc import Container
from dataclasses import dataclass, field

from byoclient.emulator.jwts import unsigned
from byoclient.emulator.replies import JsonObject
from byoclient.emulator.settings import APPLICATION_ID, USER, USER_ID, Settings
from byoclient.errors import EmulatorError


@dataclass(frozen=True, slots=True)
class Token:
    """One token; times are seconds since 1970."""

    text: str = field(repr=False)
    audience: str
    issued_on: float
    lifetime: float

    @property
    def expires_on(self) -> float:
        """When it ends."""
        return self.issued_on + self.lifetime


@dataclass(frozen=True, slots=True)
class Revocation:
    """When a token was revoked, in seconds since 1970, and whether its refusal has a claims challenge."""

    time: float
    challenge: bool


class Tokens:
    """A thread-safe store of tokens.

    Attributes:
        lifetime: how long tokens live that are issued from now on, in seconds.
    """

    def __init__(self, settings: Settings) -> None:
        self.lifetime = settings.token_lifetime
        self._settings = settings
        self._clock = settings.clock
        self._lock = threading.Lock()
        self._issued: dict[str, Token] = {}
        self._revoked: dict[str, Revocation] = {}

    def issue(self, resource: str, lifetime: float | None = None, *, for_user: bool = False) -> Token:
        """Return a new token for a resource or scope, of the application or of a user."""
        seconds = self.lifetime if lifetime is None else lifetime
        now, aud = self._clock(), audience(resource)
        user = for_user or aud in self._settings.own_audiences
        claims = {"aud": aud, "iat": int(now), "nbf": int(now), "exp": int(now + seconds), **self._who(user)}
        token = Token(unsigned(claims), aud, now, seconds)
        with self._lock:
            self._issued[token.text] = token
        return token

    def revoke(self, text: str, *, challenge: bool) -> None:
        """Accept one token no longer.

        Raises:
            EmulatorError: it was not issued here.
        """
        with self._lock:
            if text not in self._issued:
                raise EmulatorError("This token was not issued by this emulator, which can revoke only its own.")
            self._revoked[text] = Revocation(self._clock(), challenge)

    def revoke_all(self, *, challenge: bool) -> None:
        """Accept none of the tokens that were issued until now."""
        with self._lock:
            self._revoked.update(dict.fromkeys(self._issued, Revocation(self._clock(), challenge)))

    def find(self, text: str) -> Token | None:
        """Return a token that was issued here, expired and revoked ones too."""
        with self._lock:
            return self._issued.get(text)

    def revocation(self, text: str) -> Revocation | None:
        """Return when a token was revoked; None where it was not."""
        with self._lock:
            return self._revoked.get(text)

    def accepts(self, text: str, audiences: Container[str]) -> bool:
        """Return whether this is a token of this emulator, still valid, for one of these audiences."""
        token = self.find(text)
        return (
            token is not None
            and token.expires_on > self._clock()
            and token.audience in audiences
            and self.revocation(text) is None
        )

    def _who(self, user: bool) -> dict[str, str]:
        """Return the claims that say who signed in."""
        tenant = self._settings.tenant_id
        who = {"iss": f"https://sts.windows.net/{tenant}/", "tid": tenant, "appid": self._settings.client_id}
        if user:
            return {**who, "idtyp": "user", "oid": USER_ID, "upn": USER, "ver": "1.0"}
        return {**who, "idtyp": "app", "oid": APPLICATION_ID, "ver": "1.0"}


def audience(resource: str) -> str:
    """Return the audience of a resource or scope: `https://ai.azure.com/.default` is `https://ai.azure.com`."""
    return resource.removesuffix("/.default").rstrip("/")


def granted(token: Token) -> JsonObject:
    """Return Entra's answer with a token."""
    seconds = int(token.lifetime)
    return {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token.text}
