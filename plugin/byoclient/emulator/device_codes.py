"""The device code grant, and the refresh tokens that come with it: a person signs in, and is not asked again.

The emulated user opens the page and types the code in at once.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from byoclient.emulator.entra_errors import EntraError, required
from byoclient.emulator.on_behalf_of import about_the_user, resource_of
from byoclient.emulator.replies import JsonObject
from byoclient.emulator.settings import Settings
from byoclient.emulator.tokens import Tokens, granted

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
REFRESH_GRANT = "refresh_token"
LIFETIME = 900  # seconds that a code lives
LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"


@dataclass(slots=True)
class DeviceCodes:
    """The codes and refresh tokens that were given out."""

    settings: Settings
    tokens: Tokens
    _codes: dict[str, tuple[str, float]] = field(default_factory=dict)  # scope, and the end in seconds since 1970
    _refresh: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, form: Mapping[str, str], authority: str) -> JsonObject:
        """Return a code for a person, and one with which the application asks whether the person has signed in."""
        scope = required(form, "scope")
        resource_of(scope)
        code, shown = secrets.token_urlsafe(32), "".join(secrets.choice(LETTERS) for _ in range(9))
        with self._lock:
            self._codes[code] = scope, self.settings.clock() + LIFETIME
        page = f"{authority}/oauth2/deviceauth"
        message = f"To sign in, use a web browser to open the page {page} and enter the code {shown} to authenticate."
        times = {"expires_in": LIFETIME, "interval": 1}
        return {"device_code": code, "user_code": shown, "verification_uri": page, "message": message, **times}

    def grant(self, form: Mapping[str, str], authority: str) -> JsonObject:
        """Return the person's token, once for each code."""
        with self._lock:
            scope, ends = self._codes.pop(required(form, "device_code"), (None, 0.0))
        if scope is None:
            raise EntraError(400, "bad_verification_code", 70018, "Invalid verification code.")
        if ends <= self.settings.clock():
            raise EntraError(400, "expired_token", 70019, "Verification code expired. Have the user retry the sign-in.")
        return self._granted(scope, authority)

    def renew(self, form: Mapping[str, str], authority: str) -> JsonObject:
        """Return a new token for a refresh token."""
        with self._lock:
            known = required(form, "refresh_token") in self._refresh
        if not known:
            raise EntraError(400, "invalid_grant", 70000, "The refresh token isn't valid.")
        return self._granted(required(form, "scope"), authority)

    def _granted(self, scope: str, authority: str) -> JsonObject:
        token = self.tokens.issue(resource_of(scope), for_user=True)
        answer = {**granted(token), **about_the_user(scope, token, self.settings, authority)}
        if "offline_access" not in scope.split():
            return answer
        refresh = secrets.token_urlsafe(32)
        with self._lock:
            self._refresh.add(refresh)
        return {**answer, "refresh_token": refresh}
