"""When a token is renewed, until when it is served, and how long a failing credential is left alone."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.core.credentials import AccessTokenInfo

# Seconds. MSAL (1.39) answers from its own cache until 300 s before a token's end, so that asking earlier brings
# nothing new; from then on there is time for several attempts before the token may not be served any more.
RENEW_BEFORE = 299.0
JITTER = 30.0
SERVE_UNTIL = 30.0
ASK_AGAIN = 30.0

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0


@dataclass(frozen=True, slots=True)
class Held:
    """The token at hand; times are seconds since 1970.

    Attributes:
        token: the token.
        fresh_until: before it, nobody thinks of renewing.
        valid_until: before it, the token is served, also while it cannot be renewed.
        expires_on: its end.
    """

    token: str
    fresh_until: float
    valid_until: float
    expires_on: float

    def __repr__(self) -> str:
        return f"<Held until {self.expires_on}>"


EMPTY = Held("", 0.0, 0.0, 0.0)


def hold(info: AccessTokenInfo, before: Held, now: float) -> Held:
    """Return how a token that was just got is held."""
    life = info.expires_on - now
    jitter = random.random()  # noqa: S311  (spreads the renewals of many processes, protects nothing)
    fresh_until = info.expires_on - min(RENEW_BEFORE - jitter * JITTER, life / 2)
    if info.refresh_on:
        fresh_until = min(fresh_until, info.refresh_on + jitter * JITTER)
    if info.token == before.token:  # from azure-identity's cache: there is no newer one yet
        fresh_until = max(fresh_until, now + min(ASK_AGAIN, life / 4))
    valid_until = info.expires_on - min(SERVE_UNTIL, life / 4)
    return Held(str(info.token), min(fresh_until, valid_until), valid_until, info.expires_on)


def pause(failures: int) -> float:
    """Return for how many seconds a credential is left alone after so many failures in a row."""
    longest = min(FIRST_PAUSE * 2.0 ** min(failures - 1, 10), LONGEST_PAUSE)
    return longest * (0.5 + random.random() / 2)  # noqa: S311  (as above)
