"""What a pool does with the connections that nobody uses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from byoclient.emulator import Emulator
from byoclient.transport import shared
from byoclient.transport.compat import httpx
from byoclient.transport.options import ClientHttp
from byoclient.transport.pools import Body, Idle, Pool
from byoclient.transport.transports import SharedTransport

ORIGIN = (b"https", b"contoso.openai.azure.com", 443)


class Connection:
    """One that is asked whether it is still good."""

    def __init__(self, expired: Callable[[], bool]) -> None:
        self.has_expired = expired


def test_a_connection_stays_in_the_pool_while_it_is_looked_at() -> None:
    """Or a thread that comes at this moment would open one more than the file allows."""
    idle = Idle(5)
    seen: list[int] = []

    def look() -> bool:
        seen.append(len(idle))
        return False

    idle.put(ORIGIN, Connection(look))
    assert idle.take_expired(ORIGIN) is None
    assert seen == [1]
    assert len(idle) == 1


def test_an_expired_connection_that_somebody_takes_meanwhile_is_theirs() -> None:
    """It is looked at again before it is used."""
    idle = Idle(5)
    connection = Connection(lambda: idle.take(ORIGIN) is not None)
    idle.put(ORIGIN, connection)
    assert idle.take_expired(ORIGIN) is None
    assert len(idle) == 0


@pytest.mark.parametrize("expired", [True, False])
def test_the_oldest_is_taken_out_where_its_time_is_over(expired: bool) -> None:
    """The newest is the one that is used next."""
    idle = Idle(5)
    old, new = Connection(lambda: expired), Connection(lambda: False)
    idle.put(ORIGIN, old)
    idle.put(ORIGIN, new)
    assert idle.take_expired(ORIGIN) is (old if expired else None)
    assert idle.take(ORIGIN) is new


def test_a_connection_that_comes_back_while_its_pool_is_closed_is_closed_too() -> None:
    """By another thread, between the look at the pool and the putting in."""
    pool = Pool(ClientHttp().pool())
    closed: list[bool] = []

    class Late:
        def is_available(self) -> bool:
            pool.close()
            return True

        def close(self) -> None:
            closed.append(True)

    pool.give_back(ORIGIN, Late())
    assert closed == [True]


def test_a_connection_whose_request_was_interrupted_at_its_end_is_not_used_again() -> None:
    """By Ctrl-C between two lines of httpcore, which then calls it idle."""
    pool = Pool(ClientHttp().pool())
    closed: list[bool] = []

    class Interrupted:
        extensions: dict[str, object] = {}

        def __init__(self) -> None:
            self.stream = self

        def close(self) -> None:
            if not closed:
                raise KeyboardInterrupt

    class Wrong:
        def is_available(self) -> bool:
            return not closed

        def close(self) -> None:
            closed.append(True)

    body = Body(Interrupted(), pool, ORIGIN, Wrong())
    with pytest.raises(KeyboardInterrupt):
        body.close()
    assert closed
    assert len(pool._idle) == 0


def test_an_answer_that_ended_takes_nothing_from_the_next_one() -> None:
    """On the same connection: the pool still holds what the next one reads."""
    with Emulator() as emulator, httpx.Client(transport=SharedTransport(ClientHttp(max_connections=44))) as client:
        with client.stream("GET", emulator.url) as first:
            first.read()
        with client.stream("GET", emulator.url) as second:
            (pools,) = (found for options, found in shared._all.items() if options.max_connections == 44)
            assert pools.transport is not None
            reading = pools.transport._pool.reading
            assert len(reading) == 1
            first.close()
            first.stream.close()
            assert len(reading) == 1
            second.read()
        assert not reading


class Idling(Connection):
    """One whose request has ended well."""

    closed = False

    def is_available(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True


def test_no_more_connections_are_kept_where_two_come_back_at_once() -> None:
    """Each finds room for one, while the other one is not yet in."""
    pool = Pool(ClientHttp(max_connections=3, max_keepalive_connections=2).pool())
    meanwhile = Idling(lambda: False)

    def look() -> bool:
        oldest.has_expired = lambda: False
        pool.give_back(ORIGIN, meanwhile)
        return False

    oldest, last = Idling(lambda: False), Idling(lambda: False)
    pool.give_back(ORIGIN, oldest)
    oldest.has_expired = look
    pool.give_back(ORIGIN, last)
    assert [connection.closed for connection in (oldest, meanwhile, last)].count(True) == 1
    assert len(pool._idle) == 2
