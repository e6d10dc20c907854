"""Everybody has a turn before the workers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from redis import Redis

from packsys.bootstrap import backlog
from packsys.errors import Overloaded
from packsys.kvstore.address import connect
from packsys.kvstore.pressure import RedisPressure
from packsys.kvstore.queues import RedisQueues

QUEUE = "calls"
ROOM = 4


@pytest.fixture
def broker(state_url: str) -> Redis:
    """Gives an empty broker."""
    client = connect(state_url, timeout=5)
    client.flushdb()
    return client


@pytest.fixture
def queues(broker: Redis) -> RedisQueues:
    """Gives queues before which little room is."""
    return RedisQueues(broker, room=ROOM)


def names(lane: str, count: int) -> list[bytes]:
    """Gives messages that tell whose they are."""
    return [f"{lane}{number}".encode() for number in range(count)]


def read(broker: Redis, queues: RedisQueues) -> Iterator[str]:
    """Takes messages as workers do, one after the other."""
    while message := broker.rpop(QUEUE):
        yield bytes(message).decode()
        queues.flow([QUEUE])


def test_messages_come_in_their_order(broker: Redis, queues: RedisQueues) -> None:
    queues.push(QUEUE, names("a", 10), lane="a")
    assert list(read(broker, queues)) == [f"a{number}" for number in range(10)]


def test_a_lane_with_thousands_delays_another_by_what_lies_before_the_workers(
    broker: Redis, queues: RedisQueues
) -> None:
    queues.push(QUEUE, names("a", 5000), lane="a")
    queues.flow([QUEUE])
    queues.push(QUEUE, names("b", 1), lane="b")
    first = list(islice(read(broker, queues), ROOM + 2))
    assert "b0" in first


def test_lanes_take_turns(broker: Redis, queues: RedisQueues) -> None:
    for lane in "abc":
        queues.push(QUEUE, names(lane, 20), lane=lane)
    order = [message[0] for message in read(broker, queues)][2 * ROOM :]
    assert {frozenset(order[at : at + 3]) for at in range(0, 30, 3)} == {frozenset("abc")}


def test_who_takes_messages_along_makes_room_for_others(broker: Redis, queues: RedisQueues) -> None:
    """Many quick calls would empty the list sooner than anybody fills it up."""
    queues.push(QUEUE, [*names("a", 3), *names("b", 20)], lane="one")
    assert queues.along(QUEUE, [b"a"], most=9) == names("a", 3)
    assert list(map(bytes, broker.lrange(QUEUE, 0, -1)))[::-1] == names("b", ROOM)  # type: ignore[arg-type]
    assert queues.along(QUEUE, [b"a"], most=9) == []


def test_nothing_is_taken_while_a_queue_that_comes_first_holds_something(broker: Redis, queues: RedisQueues) -> None:
    queues.push(QUEUE, names("a", 3), lane="a")
    broker.lpush("urgent", b"now")
    take = partial(queues.along, QUEUE, [b"a"], most=1, after=("empty", "urgent"))
    assert take() == []
    broker.delete("urgent")
    assert [take(), take()] == [[b"a0"], [b"a1"]]


def test_what_fits_waits_in_no_lane(broker: Redis, queues: RedisQueues) -> None:
    queues.push(QUEUE, names("a", ROOM), lane="a")
    assert broker.llen(QUEUE) == ROOM
    assert queues.flow([QUEUE]).waiting == 0


def test_a_deep_queue_is_counted_with_its_lanes(queues: RedisQueues) -> None:
    queues.push(QUEUE, names("a", 30), lane="a")
    queues.push(QUEUE, names("b", 5), lane="b")
    assert queues.depth(QUEUE) == 35


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pushes=st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 60)), max_size=6))
@example(pushes=[("a", 2500), ("b", 1), ("a", 1)])  # more than one script is given at once
def test_nothing_is_lost_or_doubled(state_url: str, pushes: list[tuple[str, int]]) -> None:
    client = connect(state_url, timeout=5)
    client.flushdb()
    queues, sent = RedisQueues(client, room=ROOM), []
    for turn, (lane, count) in enumerate(pushes):
        messages = names(f"{turn}{lane}.", count)
        sent += [message.decode() for message in messages]
        queues.push(QUEUE, messages, lane=lane)
    queues.flow([QUEUE])
    assert sorted(read(client, queues)) == sorted(sent)
    assert client.dbsize() == 0


def test_the_reconciler_learns_whether_messages_wait(broker: Redis, queues: RedisQueues) -> None:
    """It takes them for waiting where nobody knows: with another dispatcher, and while the broker is away."""
    assert not backlog(queues)
    queues.push("formulas.backfill", names("a", ROOM + 1), lane="a")
    assert backlog(queues)
    assert backlog(None)
    assert backlog(RedisQueues.at("redis://127.0.0.1:1/0"))


def test_work_is_refused_while_too_much_waits(broker: Redis, queues: RedisQueues) -> None:
    times = iter(range(10))
    pressure = RedisPressure(broker, (QUEUE,), deepest=20, fullest=0.8, clock=lambda: float(next(times)))
    pressure.check()
    queues.push(QUEUE, names("a", 30), lane="a")
    with pytest.raises(Overloaded, match="30 calls wait") as refused:
        pressure.check()
    assert refused.value.retry_after
    broker.flushdb()
    pressure.check()


def test_work_is_refused_while_memory_is_nearly_full(broker: Redis) -> None:
    pressure = RedisPressure(broker, (QUEUE,), deepest=20, fullest=0.000001, clock=lambda: 0.0)
    broker.config_set("maxmemory", "1gb")
    try:
        with pytest.raises(Overloaded, match="memory"):
            pressure.check()
    finally:
        broker.config_set("maxmemory", "0")


def test_a_server_that_is_away_refuses_nothing() -> None:
    RedisPressure.at("redis://127.0.0.1:1/0", (QUEUE,), deepest=1, fullest=0.8).check()
