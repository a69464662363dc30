"""Time, outages, silence, revocations and forks, in any order: a valid token is always served, no other one ever."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import ClientAuthenticationError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from byoclient import CredentialError
from tests.support.token_endpoint import Endpoint, source_of

FAILURES = (ClientAuthenticationError("down"), OSError("down"), ValueError("down"), RuntimeError("odd"), MemoryError())
CLAIMS = '{"access_token":{}}'


@dataclass(frozen=True)
class Token:
    """A token that the source got; times are seconds since 1970."""

    text: str
    got_on: float
    expires_on: float
    refresh_on: float | None

    @property
    def served_until(self) -> float:
        """When it may be refused: half a minute before its end, or less for a short life."""
        return self.expires_on - min(30.0, (self.expires_on - self.got_on) / 4)

    def due(self, seconds: float) -> float:
        """When it wants to be renewed: so many seconds before its end, at half of its life, or when its issuer says."""
        life = self.expires_on - self.got_on
        own = self.expires_on - min(seconds, life / 2)
        return min(own, self.refresh_on + 299.0 - seconds) if self.refresh_on else own


class TokenTime(RuleBasedStateMachine):
    """What is known from outside of a source beside the source; it is asked after each thing that happens."""

    def __init__(self) -> None:
        super().__init__()
        self.endpoint = Endpoint()
        self.source = source_of(self.endpoint, deferred=True)
        self.loop = asyncio.new_event_loop()
        self.waiting: list[asyncio.Task[str]] = []
        self.held: Token | None = None
        self.dropped: set[str] = set()
        self.claims: str | None = None
        self.failures, self.failed_on = 0, 0.0

    def teardown(self) -> None:
        for task in self.waiting:
            task.cancel()
        self.let_run()
        self.loop.close()

    def let_run(self) -> None:
        """Let the tasks go on until they wait."""
        for _ in range(4):
            self.loop.run_until_complete(asyncio.sleep(0))

    @rule(seconds=st.floats(0.01, 4000) | st.floats(0.01, 40))
    def time_passes(self, seconds: float) -> None:
        self.endpoint.now += seconds

    @precondition(lambda self: self.held)
    @rule(seconds=st.floats(-35, 1))
    def token_gets_due(self, seconds: float) -> None:
        assert self.held
        self.endpoint.now = max(self.endpoint.now, self.held.due(269) + seconds)

    @precondition(lambda self: self.held)
    @rule(seconds=st.floats(-5, 40))
    def token_ends(self, seconds: float) -> None:
        assert self.held
        self.endpoint.now = max(self.endpoint.now, self.held.served_until + seconds)

    @rule(life=st.floats(45, 90_000) | st.floats(1, 400), refresh_in=st.none() | st.floats(20, 50_000))
    def tokens_live_differently(self, life: float, refresh_in: float | None) -> None:
        self.endpoint.life, self.endpoint.refresh_in = life, refresh_in

    @precondition(lambda self: self.endpoint.deferred)
    @rule(late=st.just(0.0) | st.floats(0, 100))
    def endpoint_answers(self, late: float) -> None:
        endpoint, endpoint.failure, endpoint.late = self.endpoint, None, late
        endpoint.deferred.pop()()
        assert endpoint.asked[-1] == ({"claims": self.claims} if self.claims else {})
        got = endpoint.issued[-1]
        if got.expires_on <= endpoint.now:  # too late
            self.failed()
            return
        self.held = Token(got.token, endpoint.now, got.expires_on, got.refresh_on)
        self.failures, self.claims = 0, None
        assert [task.result() for task in self.ended()] == [got.token] * len(self.waiting)
        self.waiting.clear()

    @precondition(lambda self: self.endpoint.deferred)
    @rule(failure=st.sampled_from(FAILURES))
    def endpoint_fails(self, failure: BaseException) -> None:
        self.endpoint.failure = failure
        self.endpoint.deferred.pop()()
        self.failed()

    def failed(self) -> None:
        """Note a failure, of which each waiter is told."""
        self.failures, self.failed_on = self.failures + 1, self.endpoint.now
        errors = [task.exception() for task in self.ended()]
        assert all(isinstance(error, CredentialError) for error in errors)
        assert len({id(error) for error in errors}) == len(errors)
        self.waiting.clear()

    def ended(self) -> list[asyncio.Task[str]]:
        """Return those that waited; they do no longer."""
        self.let_run()
        assert all(task.done() for task in self.waiting)
        return self.waiting

    @precondition(lambda self: self.endpoint.issued)
    @rule(data=st.data(), claims=st.none() | st.just(CLAIMS))
    def service_refuses(self, data: Any, claims: str | None) -> None:
        token = str(data.draw(st.sampled_from(self.endpoint.issued[-3:])).token)
        self.source.invalidate(token, claims)
        self.dropped.add(token)
        if self.held and self.held.text == token:
            self.held, self.claims = None, claims

    @rule()
    def process_forks(self) -> None:
        """The child goes on: with the token, without the parent's refresh and those who wait for it."""
        for task in self.waiting:
            task.cancel()
        self.let_run()
        self.waiting.clear()
        self.endpoint.deferred.clear()
        self.source.after_fork()

    @invariant()
    def source_is_asked(self) -> None:
        now, held, fetching = self.endpoint.now, self.held, bool(self.endpoint.deferred)
        task = self.loop.create_task(self.source.async_token())
        self.let_run()
        if held and now < held.served_until:
            assert task.result() == self.source.token() == held.text
            assert held.text not in self.dropped
            assert held.expires_on > now
        elif task.done():
            assert isinstance(task.exception(), CredentialError)
            assert now < self.failed_on + 30
        else:
            self.waiting.append(task)
        self.one_refresh_where_it_is_time(fetching)

    def one_refresh_where_it_is_time(self, fetching: bool) -> None:
        """Not before, not in the pause after a failure, never two, and not later either."""
        now, held, begun = self.endpoint.now, self.held, len(self.endpoint.deferred)
        assert begun <= 1
        assert begun or not self.waiting
        if fetching:
            return
        longest = min(2.0 ** min(self.failures - 1, 10), 30.0) if self.failures else 0.0
        if (held and now < held.due(299)) or now < self.failed_on + longest / 2:
            assert not begun
        elif (not held or now >= min(held.due(269), held.served_until)) and now >= self.failed_on + longest:
            assert begun


TokenTime.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestTokenTime = TokenTime.TestCase
