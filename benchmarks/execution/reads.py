"""Counts how often Redis reads from a socket: about once for each round trip, whatever the commands in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from redis import Redis

from benchmarks.execution.engine import Stopwatch
from benchmarks.execution.goals import AT_MOST
from benchmarks.execution.house import OURS, House
from benchmarks.execution.shapes import HUNDRED, MIXED, Shape
from benchmarks.figures import Figure, progress
from packsys.kvstore.address import connect

JOBS = {HUNDRED: 3, MIXED: 20}
KEEPS_ELSEWHERE = ("dbos",)


class Counter:
    """Reads ``total_reads_processed`` of some servers."""

    def __init__(self, *urls: str) -> None:
        """Takes the servers' addresses."""
        self._clients: list[Redis] = [connect(url, timeout=5.0) for url in urls]

    def total(self) -> int:
        """Adds up the servers' reads so far, without the one that asks."""
        return sum(self._of(client) for client in self._clients)

    def _of(self, client: Redis) -> int:
        told: Any = client.info("stats")
        return int(told["total_reads_processed"])


def per_call(counter: Counter, watch: Stopwatch, shape: Shape, jobs: int) -> float:
    """Runs jobs one after the other and gives the reads for each call of a pack."""
    before = counter.total()
    for _ in range(jobs):
        watch.run(shape, 1)
    return (counter.total() - before) / (jobs * shape.calls)


def measured(house: House) -> Iterator[Figure]:
    """Counts the reads of every engine that works on Redis, of the state server and of the cache together."""
    settings = house.system.settings
    counter = Counter(settings.state_url, settings.cache_url)
    for shape, jobs in JOBS.items():
        progress(f"{shape.name}, reads of Redis")
        for each in (each for each in house.contenders if each.name not in KEEPS_ELSEWHERE):
            with each.awake():
                found = round(per_call(counter, each.watch, shape, jobs), 2)
            ours = each.name == OURS
            name = f"{shape.name}_reads" if ours else f"{shape.name}_reads_{each.name}"
            yield Figure(name, found, "reads/call", at_most=AT_MOST[name] if ours else None)
