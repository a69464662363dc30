"""Embeddings: unit vectors that depend on the input alone."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from math import sqrt
from typing import Any

from byoclient.emulator.answers import count
from byoclient.emulator.azure_errors import bad_request
from byoclient.emulator.replies import JsonObject, JsonReply, Reply

SMALL, LARGE = 1536, 3072  # dimensions
MOST_INPUTS = 2048


def embed(body: JsonObject, deployment: str) -> Reply:
    """Answer an embeddings request."""
    given = inputs(body)
    size = dimensions(body, deployment)
    write = to_base64 if body.get("encoding_format") == "base64" else to_floats
    data = [
        {"object": "embedding", "index": index, "embedding": write(vector(one, size))}
        for index, one in enumerate(given)
    ]
    words = sum(count(one) if isinstance(one, str) else len(one) for one in given)
    usage = {"prompt_tokens": words, "total_tokens": words}
    return JsonReply({"object": "list", "data": data, "model": deployment, "usage": usage})


def inputs(body: JsonObject) -> list[Any]:
    """Return the inputs: texts, or lists of tokens; one alone is a list of one."""
    given = body.get("input")
    if isinstance(given, str) or is_tokens(given):
        given = [given]
    if not isinstance(given, list) or not given or not all(isinstance(g, str) or is_tokens(g) for g in given):
        raise bad_request(
            "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.",
            "input",
        )
    if len(given) > MOST_INPUTS:
        raise bad_request(f"Too many inputs. The max number of inputs is {MOST_INPUTS}.", "input")
    return given


def is_tokens(given: Any) -> bool:
    """Return whether this is a list of tokens."""
    return isinstance(given, list) and bool(given) and all(type(token) is int for token in given)


def dimensions(body: JsonObject, deployment: str) -> int:
    """Return how long the vectors are."""
    most = LARGE if "large" in deployment else SMALL
    wanted = body.get("dimensions")
    if wanted is None:
        return most
    if "ada-002" in deployment:
        raise bad_request("This model does not support specifying dimensions.", "dimensions")
    if not isinstance(wanted, int) or not 1 <= wanted <= most:
        raise bad_request(f"Invalid value for 'dimensions' = {wanted}. Must be from 1 to {most}.", "dimensions")
    return wanted


def vector(given: Any, size: int) -> tuple[float, ...]:
    """Return a unit vector; a shorter one is the beginning of the longer, brought to length 1 again."""
    raw = hashlib.shake_256(json.dumps(given).encode()).digest(4 * size)
    parts = [part / 2**31 for part in struct.unpack(f"<{size}i", raw)]
    length = sqrt(sum(part * part for part in parts)) or 1.0
    return tuple(part / length for part in parts)


def to_base64(values: tuple[float, ...]) -> str:
    """Write a vector as little-endian 32-bit floats in base64: what the SDK asks for."""
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()


def to_floats(values: tuple[float, ...]) -> list[float]:
    """Write a vector as numbers, with the same 32 bits as in base64."""
    return list(struct.unpack(f"<{len(values)}f", struct.pack(f"<{len(values)}f", *values)))
