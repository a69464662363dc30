"""Ids and times that depend on the request alone, so that the same request has the same answer."""

from __future__ import annotations

import hashlib
import json
import uuid

EPOCH = 1_700_000_000  # seconds since 1970: `created` lies in the four months after it
SPREAD = 10_000_000


def digest_of(*parts: object) -> str:
    """Return 64 hex digits that depend on JSON values or bytes."""
    hashed = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode()
        hashed.update(len(raw).to_bytes(8, "big") + raw)
    return hashed.hexdigest()


def created(digest: str) -> int:
    """Return a time, in seconds since 1970, that depends on a digest."""
    return EPOCH + int(digest[:12], 16) % SPREAD


def uuid_of(digest: str) -> str:
    """Return a UUID that depends on a digest."""
    return str(uuid.UUID(hex=digest[:32], version=4))
