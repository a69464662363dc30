"""The requests that reached the emulator, in order."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KEPT = 10_000  # requests: a bound on the memory of an emulator that runs for days


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request as it arrived. Its repr leaves out headers and body, which can hold secrets.

    Attributes:
        method: `GET` or `POST`.
        path: the path without the query, percent-decoded.
        query: the query's names and values, the last value where a name is given twice.
        headers: the headers with lower-case names.
        body: the body's bytes.
        secure: whether it came over HTTPS.
        connection: the number of the connection that it came on, from 1 on; two requests are equal without it.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    secure: bool = False
    connection: int = field(default=0, compare=False)

    def json(self) -> Any:
        """Return the body read as JSON.

        Raises:
            ValueError: the body is not JSON.
        """
        return json.loads(self.body)


class Record:
    """A thread-safe list of the last `KEPT` requests, and a count of token requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: deque[RecordedRequest] = deque(maxlen=KEPT)
        self._token_requests = 0

    def add(self, request: RecordedRequest, *, for_token: bool) -> None:
        """Append one request."""
        with self._lock:
            self._requests.append(request)
            self._token_requests += for_token

    def clear(self) -> None:
        """Forget all requests and set the count to 0."""
        with self._lock:
            self._requests.clear()
            self._token_requests = 0

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """The requests, oldest first."""
        with self._lock:
            return tuple(self._requests)

    @property
    def token_requests(self) -> int:
        """How often a token endpoint was asked."""
        with self._lock:
            return self._token_requests
