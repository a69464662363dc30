"""The breaker of an endpoint and the budget of extra requests, by an injected clock."""

from __future__ import annotations

import gc
import random
import threading
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from byoclient.transport.auth import HostBinding
from byoclient.transport.breaker import FAILURES, LONGEST_PAUSE, LONGEST_RETRY_AFTER, PAUSE, Breaker, Permit
from byoclient.transport.budget import FLOOR, FLOOR_TIME, MOST, SHARE, RetryBudget
from byoclient.transport.endpoints import Endpoint, Endpoints
from byoclient.trust import Trust


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock=clock, draw=lambda: 1.0)


def take(breaker: Breaker) -> Permit:
    permit = breaker.take()
    assert permit is not None
    return permit


def state(breaker: Breaker) -> str:
    return breaker.state


def fail(breaker: Breaker, times: int = FAILURES, retry_after: float | None = None) -> None:
    for _ in range(times):
        breaker.fail(take(breaker), retry_after)


def test_only_failures_in_a_row_open_it(breaker: Breaker) -> None:
    """A success between them begins a new row."""
    fail(breaker, FAILURES - 1)
    breaker.succeed(take(breaker))
    fail(breaker, FAILURES - 1)
    assert state(breaker) == "closed"
    fail(breaker, 1)
    assert state(breaker) == "open"
    assert breaker.take() is None


def test_retry_after_opens_it_at_once_and_for_longer(breaker: Breaker, clock: Clock) -> None:
    """Never for less than was asked; a tenth more at most."""
    fail(breaker, 1, retry_after=30)
    clock.now += 30
    assert state(breaker) == "open"
    clock.now += 3
    assert state(breaker) == "half-open"


def test_a_short_retry_after_does_not_shorten_a_pause(breaker: Breaker, clock: Clock) -> None:
    """Neither that of the failure that opens it, nor one of a request that was on its way."""
    late = take(breaker)
    fail(breaker, 1, retry_after=30)
    left = breaker.left
    breaker.fail(late, 1)
    assert breaker.left == left
    breaker.fail(breaker.force(), 60)
    assert breaker.left == pytest.approx(66)


def test_retry_after_has_a_bound(breaker: Breaker) -> None:
    """A server may name any time by mistake."""
    fail(breaker, 1, retry_after=1e12)
    assert breaker.left <= LONGEST_RETRY_AFTER * 1.1


def test_one_request_at_a_time_tries_an_endpoint_that_failed(breaker: Breaker, clock: Clock) -> None:
    """Its success closes the breaker, for all."""
    fail(breaker)
    clock.now += PAUSE
    probe = take(breaker)
    assert [breaker.take() for _ in range(5)] == [None] * 5
    assert breaker.succeed(probe)
    assert state(breaker) == "closed"
    assert breaker.take()


def test_a_probe_that_was_cancelled_lets_the_next_one_try(breaker: Breaker, clock: Clock) -> None:
    """Nothing was learned from it."""
    fail(breaker)
    clock.now += PAUSE
    breaker.release(take(breaker))
    assert breaker.take()


def test_a_probe_that_was_forgotten_lets_the_next_one_try(breaker: Breaker, clock: Clock) -> None:
    """As where Ctrl-C hits between two lines."""
    fail(breaker)
    clock.now += PAUSE
    take(breaker)
    gc.collect()
    assert breaker.take()


def test_probes_that_fail_double_the_pause_up_to_a_bound(breaker: Breaker, clock: Clock) -> None:
    """1, 2, 4 … 60 seconds."""
    pauses = []
    fail(breaker)
    for _ in range(9):
        pauses.append(breaker.left)
        clock.now += breaker.left
        fail(breaker, 1)
    assert pauses == [1, 2, 4, 8, 16, 32, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]


def test_a_failure_without_a_wish_is_no_news_while_a_probe_runs(breaker: Breaker, clock: Clock) -> None:
    """Of a request that had no other endpoint."""
    fail(breaker)
    clock.now += 2 * PAUSE
    probe = take(breaker)
    assert breaker.fail(breaker.force()) is None
    breaker.release(probe)
    assert state(breaker) == "half-open"


def test_a_request_may_be_let_go_while_another_one_is_noted(clock: Clock) -> None:
    """By the garbage collector, which may end a forgotten request at any place."""
    seconds: list[Callable[[], float]] = [clock]
    breaker = Breaker(clock=lambda: seconds[-1]())
    fail(breaker)
    clock.now += LONGEST_PAUSE
    forgotten = breaker.force()

    def collect() -> float:
        breaker.release(forgotten)
        return clock()

    seconds.append(collect)
    taking = threading.Thread(target=breaker.take, daemon=True)
    taking.start()
    taking.join(10)
    assert not taking.is_alive()


def test_an_answer_to_a_request_from_before_the_failures_does_not_close_it(breaker: Breaker) -> None:
    """It says nothing about now."""
    early = take(breaker)
    fail(breaker)
    assert not breaker.succeed(early)
    assert state(breaker) == "open"


class BreakerMachine(RuleBasedStateMachine):
    """Any order of requests, answers and time, against a model of the promises."""

    permits = Bundle("permits")

    @initialize(seed=st.integers(0, 100))
    def start(self, seed: int) -> None:
        self.clock = Clock()
        self.breaker = Breaker(clock=self.clock, draw=random.Random(seed).random)
        self.probes: list[Permit] = []
        self.asked_until = 0.0

    @rule(target=permits)
    def take(self) -> object:
        state = self.breaker.state
        permit = self.breaker.take()
        assert (permit is None) == (state == "open" or (state == "half-open" and bool(self.probes)))
        if permit is not None and state == "half-open":
            self.probes.append(permit)
        return permit

    @rule(target=permits)
    def force(self) -> object:
        return self.breaker.force()

    @rule(permit=consumes(permits), asked=st.none() | st.floats(0.1, 100))
    def fail(self, permit: Permit | None, asked: float | None) -> None:
        if permit is None:
            return
        left = self.breaker.left
        self.breaker.fail(permit, asked)
        self._ended(permit)
        assert self.breaker.left >= left
        if asked:
            self.asked_until = max(self.asked_until, self.clock.now + asked)
            assert self.breaker.left >= asked

    @rule(permit=consumes(permits))
    def succeed(self, permit: Permit | None) -> None:
        if permit is None:
            return
        was_closed = self.breaker.state == "closed"
        closed = self.breaker.succeed(permit)
        self._ended(permit)
        assert (self.breaker.state == "closed") == (was_closed or closed)
        if closed:
            assert permit.proves
            self.probes.clear()
            self.asked_until = 0.0

    @rule(permit=consumes(permits))
    def release(self, permit: Permit | None) -> None:
        if permit is None:
            return
        left = self.breaker.left
        self.breaker.release(permit)
        self._ended(permit)
        assert self.breaker.left == left

    @rule(seconds=st.floats(0, 120))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    def _ended(self, permit: Permit) -> None:
        if permit in self.probes:
            self.probes.remove(permit)

    @invariant()
    def nobody_is_sent_before_the_time_that_was_asked_for(self) -> None:
        if self.clock.now < self.asked_until:
            assert self.breaker.state == "open"

    @invariant()
    def one_probe_at_most(self) -> None:
        assert len(self.probes) <= 1

    @invariant()
    def pauses_have_a_bound(self) -> None:
        assert self.breaker.left <= max(LONGEST_PAUSE, 110.0)


TestBreakerMachine = BreakerMachine.TestCase
TestBreakerMachine.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_extra_requests_are_a_fifth_of_all_and_a_few(clock: Clock) -> None:
    """However many ask."""
    budget = RetryBudget(clock=clock)
    extra = 0
    for _ in range(1000):
        budget.deposit()
        extra += budget.withdraw()
    assert FLOOR + 1000 * SHARE - 1 <= extra <= FLOOR + 1000 * SHARE  # the shares are no whole numbers


def test_a_few_extra_requests_are_always_allowed(clock: Clock) -> None:
    """After some time; what was saved up has a bound."""
    budget = RetryBudget(clock=clock)
    while budget.withdraw():
        pass
    clock.now += FLOOR_TIME
    assert sum(budget.withdraw() for _ in range(100)) == FLOOR
    for _ in range(10_000):
        budget.deposit()
    assert sum(budget.withdraw() for _ in range(10_000)) == MOST


def endpoint(name: str, clock: Clock, *, priority: int = 0, weight: int = 1) -> Endpoint:
    return Endpoint(
        name=name,
        url=f"https://{name}.openai.azure.com/openai/",
        model=None,
        priority=priority,
        weight=weight,
        binding=HostBinding((), (), False, Trust()),
        tokens=None,
        key=lambda: "k",
        key_header="api-key",
        breaker=Breaker(clock=clock, draw=lambda: 0.0),
    )


def test_weights_are_shares_among_the_healthy_ones_of_a_priority(clock: Clock) -> None:
    """Drawn for each request."""
    heavy, light, spare = endpoint("a", clock, weight=3), endpoint("b", clock), endpoint("c", clock, priority=1)
    endpoints = Endpoints([spare, light, heavy], RetryBudget(clock=clock), random.Random(1))

    def drawn() -> list[str]:
        return [found[0].name for _ in range(400) if (found := endpoints.choose())]

    names = drawn()
    assert 270 <= names.count("a") <= 330
    assert names.count("a") + names.count("b") == 400
    fail(heavy.breaker)
    assert set(drawn()) == {"b"}
    fail(light.breaker)
    assert set(drawn()) == {"c"}


def test_where_none_is_healthy_the_soonest_is_tried(clock: Clock) -> None:
    """And none after it."""
    first, second = endpoint("a", clock), endpoint("b", clock, priority=1)
    endpoints = Endpoints([first, second], RetryBudget(clock=clock))
    fail(first.breaker, 1, retry_after=60)
    fail(second.breaker, 1, retry_after=5)
    found = endpoints.choose()
    assert found is not None
    assert found[0] is second
    assert endpoints.choose([second]) is None
