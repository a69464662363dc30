"""What a token says of itself, where it is a JWT; nothing is checked."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from byoclient.errors import shown


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims that say who signed in; empty where there is none.

    Attributes:
        tenant: `tid`.
        client: `appid`, in newer tokens `azp`.
        object_id: `oid`, which roles are assigned to.
        user: the user's name; empty for applications and managed identities.
        audience: `aud`.
        expires_on: `exp`, in seconds since 1970; 0 where there is none.
    """

    tenant: str = ""
    client: str = ""
    object_id: str = ""
    user: str = ""
    audience: str = ""
    expires_on: float = 0.0


def claims_of(token: str) -> Claims:
    """Return what a token says of itself."""
    claims = _payload(token)
    return Claims(
        tenant=_text(claims, "tid"),
        client=_text(claims, "appid", "azp"),
        object_id=_text(claims, "oid"),
        user=_text(claims, "upn", "preferred_username", "unique_name"),
        audience=_text(claims, "aud"),
        expires_on=_number(claims.get("exp")),
    )


def _payload(token: str) -> Mapping[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _text(claims: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = claims.get(name)
        if isinstance(value, str) and value:
            return shown(value)
    return ""


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0.0
    return float(value) if abs(value) < 1e15 and math.isfinite(value) else 0.0
