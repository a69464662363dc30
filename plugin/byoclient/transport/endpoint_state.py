"""What a program can see of the endpoints of a client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["closed", "open", "half-open"]


@dataclass(frozen=True, slots=True)
class EndpointState:
    """What is known of one endpoint; holds no secret.

    Attributes:
        name: as in the file, or made of host and deployment.
        url: where its requests go, up to the part that depends on the request.
        priority: lower ones get requests first.
        weight: the share among the healthy ones of its priority.
        state: `closed` (gets requests), `open` (gets none until `until`), `half-open` (gets one, which decides).
        until: seconds since 1970 from which on it may be tried; None where it is closed.
        failures: how many of its requests failed in this process: an error that another endpoint might not give.
        requests: how many it got from this process.
    """

    name: str
    url: str
    priority: int
    weight: int
    state: State
    until: float | None
    failures: int
    requests: int
