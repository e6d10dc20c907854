"""Figures of Redis servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from packsys.errors import NotReady
from packsys.kvstore.address import connect
from packsys.kvstore.metering import RedisCounters, RedisMeter
from packsys.kvstore.queues import RedisQueues
from packsys.metrics.declared import METRICS, REPAIRS
from packsys.ports import Series


@pytest.fixture
def queue(state_url: str, numbers: Iterator[int]) -> Iterator[str]:
    """Gives the name of a queue of nobody's."""
    name = f"metered-{next(numbers)}"
    yield name
    with connect(state_url, timeout=5) as client:
        for key in client.scan_iter(f"*{name}*"):
            client.delete(key)


def test_messages_are_counted_where_they_wait(state_url: str, queue: str) -> None:
    queues = RedisQueues.at(state_url, room=2)
    queues.push(queue, [b"1", b"2", b"3", b"4"], lane="first")
    queues.push(queue, [b"5"], lane="second")
    read = RedisMeter.at(state_url, [queue], server="state").read()
    found = {(series.metric, *series.labels): value for series, value in read}
    assert found["packsys_queue_messages", queue, "list"] == 2
    assert found["packsys_queue_messages", queue, "lanes"] == 3
    assert found["packsys_queue_lanes", queue] == 2
    assert found["packsys_server_memory_bytes", "state"] > 0
    assert found["packsys_server_evicted_keys_total", "state"] == 0


def test_every_figure_is_declared_with_its_labels(state_url: str, queue: str) -> None:
    for series, _ in RedisMeter.at(state_url, [queue], server="state").read():
        assert len(METRICS[series.metric].labels) == len(series.labels)


def test_a_server_that_is_away_is_said_to_be() -> None:
    away = "redis://127.0.0.1:1/0"
    with pytest.raises(NotReady):
        RedisMeter.at(away, ["formulas"], server="state").read()
    with pytest.raises(NotReady):
        RedisCounters.at(away).add({Series(REPAIRS.name, ("deadline",)): 1})
