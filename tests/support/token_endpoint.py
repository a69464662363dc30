"""A token endpoint in memory with a clock of its own, and token sources that ask it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from azure.core.credentials import AccessTokenInfo
from pydantic import PrivateAttr

from byoclient.identity.base import CredentialConfig
from byoclient.identity.tokens import TokenSource


class Endpoint:
    """What answers a credential: a number as token, or a failure.

    Attributes:
        now: its time, and that of the sources at it.
        life: seconds that its tokens live.
        refresh_in: seconds after which they want to be renewed.
        late: seconds that an answer takes on its way.
        failure: what it raises instead of an answer.
        asked: the options of each question.
        issued: the tokens that it gave.
        deferred: questions that a source wants to ask, where the test says when.
    """

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.life = 3600.0
        self.refresh_in: float | None = None
        self.late = 0.0
        self.failure: BaseException | None = None
        self.asked: list[Any] = []
        self.issued: list[AccessTokenInfo] = []
        self.deferred: list[Callable[[], None]] = []

    def get_token_info(self, scope: str, *, options: Any = None) -> AccessTokenInfo:
        self.asked.append(options)
        if self.failure:
            raise self.failure
        sent = self.now - self.late
        refresh_on = int(sent + self.refresh_in) if self.refresh_in else None
        ends = int(sent + self.life)
        self.issued.append(AccessTokenInfo(f"token-{len(self.issued)}", ends, refresh_on=refresh_on))
        return self.issued[-1]


class TestedConfig(CredentialConfig):
    """A kind whose credential is the endpoint above."""

    __test__ = False
    kind: Literal["tested"] = "tested"
    _endpoint: Endpoint = PrivateAttr(default_factory=Endpoint)

    def build(self) -> Any:
        return self._endpoint

    def help(self) -> str:
        return "Mend it."


def source_of(endpoint: Endpoint, *, deferred: bool = False) -> TokenSource:
    """Return a source on the endpoint's clock; a refresh runs at once, or when the test says."""
    config = TestedConfig()
    config._endpoint = endpoint
    start = endpoint.deferred.append if deferred else lambda work: work()
    return TokenSource(config, clock=lambda: endpoint.now, start=start)
