"""Figures about the whole system, as the state server knows them: sums of all processes, queues, memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from redis import Redis, RedisError

from packsys.errors import NotReady
from packsys.kvstore.address import connect
from packsys.kvstore.queues import PREFIX
from packsys.ports import Sample, Series

SUMS = "packsys:metrics:1"
"""Is the key of the sums. The number is the format's."""

TIMEOUT = 1.0
"""Seconds for an answer."""

MOST_LANES = 10_000
"""Lanes of a queue whose messages are counted, so that the cost has an end; the others are counted as lanes only."""


class RedisCounters:
    """Keeps sums in one hash of the state server: :class:`~packsys.ports.Counters`."""

    def __init__(self, client: Redis) -> None:
        """Takes a client of the state server."""
        self._client = client

    @classmethod
    def at(cls, url: str) -> RedisCounters:
        """Keeps them in the server at ``url``, without touching it yet."""
        return cls(connect(url, timeout=TIMEOUT))

    def add(self, counts: Mapping[Series, float]) -> None:
        """Adds to the sums, all of it or nothing; raises NotReady."""
        with _answering(), self._client.pipeline() as pipeline:
            for series, count in counts.items():
                pipeline.hincrbyfloat(SUMS, _field(series), count)
            pipeline.execute()

    def read(self) -> Sequence[Sample]:
        """Reads all sums; raises NotReady."""
        with _answering():
            found: Any = self._client.hgetall(SUMS)
        return [Sample(_series(field), float(value)) for field, value in found.items()]


class RedisMeter:
    """Reads what waits in queues, and how full a server is: :class:`~packsys.ports.Meter`.

    ``server`` is what the figures call it. The queues are those of the broker.
    """

    def __init__(self, client: Redis, queues: Sequence[str] = (), *, server: str) -> None:
        """Takes a client of the server, and the queues in it."""
        self._client, self._queues, self._server = client, queues, server

    @classmethod
    def at(cls, url: str, queues: Sequence[str] = (), *, server: str) -> RedisMeter:
        """Reads from the server at ``url``, without touching it yet."""
        return cls(connect(url, timeout=TIMEOUT), queues, server=server)

    def read(self) -> Sequence[Sample]:
        """Reads them; raises NotReady."""
        with _answering():
            known: Mapping[str, Any] = {**self._client.info("memory"), **self._client.info("stats")}
            return [*self._fullness(known), *(sample for queue in self._queues for sample in self._waiting(queue))]

    def _fullness(self, known: Mapping[str, Any]) -> Iterator[Sample]:
        label = (self._server,)
        yield Sample(Series("packsys_server_memory_bytes", label), float(known["used_memory"]))
        yield Sample(Series("packsys_server_memory_limit_bytes", label), float(known.get("maxmemory", 0)))
        yield Sample(Series("packsys_server_evicted_keys_total", label), float(known["evicted_keys"]))

    def _waiting(self, queue: str) -> Iterator[Sample]:
        ring = f"{PREFIX}{queue}"
        lanes: Any = self._client.lrange(ring, 0, MOST_LANES - 1)
        with self._client.pipeline(transaction=False) as pipeline:
            pipeline.llen(ring)
            for name in (queue.encode(), *(f"{ring}:".encode() + lane for lane in lanes)):
                pipeline.llen(name)
            count, listed, *in_lanes = pipeline.execute()
        yield Sample(Series("packsys_queue_messages", (queue, "list")), float(listed))
        yield Sample(Series("packsys_queue_messages", (queue, "lanes")), float(sum(in_lanes)))
        yield Sample(Series("packsys_queue_lanes", (queue,)), float(count))


@contextmanager
def _answering() -> Iterator[None]:
    """Turns what keeps a server from answering into NotReady."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise NotReady("The server of the figures does not answer: try again in a moment.") from error


def _field(series: Series) -> str:
    return json.dumps([series.metric, *series.labels])


def _series(field: bytes) -> Series:
    metric, *labels = json.loads(field)
    return Series(metric, tuple(labels))
