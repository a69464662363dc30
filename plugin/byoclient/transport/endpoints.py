"""The endpoints that one client may send to, and which of them gets a request."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from byoclient.identity.sharing import TokenProvider
from byoclient.transport.auth import HostBinding
from byoclient.transport.breaker import Breaker, Permit
from byoclient.transport.budget import RetryBudget, budgets
from byoclient.transport.endpoint_state import EndpointState

PLACEHOLDER_URL = "https://endpoints.invalid"  # a name that never exists: RFC 6761
PLACEHOLDER_KEY = "none-each-endpoint-has-its-own"


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """One endpoint: where its requests go, and what they carry.

    Attributes:
        name: in log lines and `EndpointState`.
        url: up to the part that depends on the request; ends with a slash.
        model: replaces the deployment in the path or the model in the body; None leaves them.
        priority: lower ones get requests first.
        weight: the share among the healthy ones of its priority.
        binding: the hosts that may receive its key or token.
        tokens: what gives its tokens; None where it has a key.
        key: what reads its key; None where it has tokens.
        key_header: the header that the key goes in, as a bearer token where it is `Authorization`.
        breaker: shared with the process's other clients of the endpoint.
    """

    name: str
    url: str
    model: str | None
    priority: int
    weight: int
    binding: HostBinding
    tokens: TokenProvider | None
    key: Callable[[], str] | None = field(repr=False)
    key_header: Literal["api-key", "Authorization"]
    breaker: Breaker = field(repr=False)


class Endpoints:
    """The endpoints of one client.

    Args:
        all_of_them: one or more.
        budget: how many extra requests they may get.
        draw: draws among endpoints of one priority.
    """

    def __init__(self, all_of_them: Sequence[Endpoint], budget: RetryBudget, draw: random.Random | None = None) -> None:
        self.all = tuple(all_of_them)
        self.budget = budget
        self._draw = draw or random.SystemRandom()  # has no state that a fork would copy
        priorities = sorted({endpoint.priority for endpoint in self.all})
        self._levels = [[one for one in self.all if one.priority == priority] for priority in priorities]

    def choose(self, tried: Collection[Endpoint] = ()) -> tuple[Endpoint, Permit] | None:
        """Return the next endpoint for a request and its permit; None where the others are to be left alone.

        Args:
            tried: those that the request was sent to already. Where there are none yet, and none is healthy, the one
                that may be tried soonest gets it: no request fails without having been sent.
        """
        for level in self._levels:
            left = [endpoint for endpoint in level if endpoint not in tried]
            while left:
                (endpoint,) = self._draw.choices(left, [one.weight for one in left])
                permit = endpoint.breaker.take()
                if permit is not None:
                    return endpoint, permit
                left.remove(endpoint)
        if tried:
            return None
        soonest = min(self.all, key=lambda endpoint: endpoint.breaker.left)
        return soonest, soonest.breaker.force()

    def states(self) -> tuple[EndpointState, ...]:
        """Return what is known of each, in the order of the file."""
        return tuple(_state(endpoint) for endpoint in self.all)


def states_of(client: Any) -> tuple[EndpointState, ...]:
    """Return what is known of the endpoints of a client of the SDK; empty where it has none of ours."""
    found = getattr(client._client, "endpoints", None)
    return found.states() if isinstance(found, Endpoints) else ()


def _state(endpoint: Endpoint) -> EndpointState:
    breaker = endpoint.breaker
    state, left = breaker.state, breaker.left
    return EndpointState(
        endpoint.name,
        endpoint.url,
        endpoint.priority,
        endpoint.weight,
        state,
        None if state == "closed" else time.time() + left,
        breaker.failures,
        breaker.requests,
    )


def endpoints_of(all_of_them: Sequence[Endpoint]) -> Endpoints:
    """Return the endpoints of a client; clients of the same ones share a budget."""
    key = tuple((endpoint.breaker, endpoint.priority, endpoint.weight) for endpoint in all_of_them)
    return Endpoints(all_of_them, budgets.of(key))
