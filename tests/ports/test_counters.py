"""What adds up the figures of all processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from packsys.kvstore.address import connect
from packsys.kvstore.metering import SUMS, RedisCounters
from packsys.memory import MemoryCounters
from packsys.ports import Counters, Series
from tests.ports.threads import at_once

DONE, FAILED = Series("packsys_jobs_total", ("done",)), Series("packsys_jobs_total", ("failed",))


@pytest.fixture(params=["memory", "redis"])
def counters(request: pytest.FixtureRequest) -> Iterator[Counters]:
    """Gives each implementation, at 0."""
    if request.param == "memory":
        yield MemoryCounters()
        return
    with connect(request.getfixturevalue("state_url"), timeout=5) as client:
        client.delete(SUMS)
        yield RedisCounters(client)
        client.delete(SUMS)


def test_counts_of_all_are_added_up(counters: Counters) -> None:
    counters.add({DONE: 2, FAILED: 0.5})
    counters.add({DONE: 1})
    assert sorted(counters.read()) == [(DONE, 3.0), (FAILED, 0.5)]


def test_none_of_many_is_lost(counters: Counters) -> None:
    at_once(lambda _: [counters.add({DONE: 1}) for _ in range(25)])
    assert list(counters.read()) == [(DONE, 200.0)]


def test_labels_may_hold_anything(counters: Counters) -> None:
    odd = Series("packsys_step_waits_total", ('a"b\\c,[测试]\n',))
    counters.add({odd: 1})
    assert list(counters.read()) == [(odd, 1.0)]
