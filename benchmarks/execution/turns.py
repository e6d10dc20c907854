"""Measures in turns: in every round each engine has one, and the others are still meanwhile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median

from benchmarks.execution.contenders import Contender
from benchmarks.execution.engine import Stopwatch
from benchmarks.execution.goals import beside
from benchmarks.execution.house import OURS, House
from benchmarks.execution.shapes import HUNDRED, Shape
from benchmarks.figures import Figure, percentile, progress

SINGLE = 5
"""Jobs of one turn that measures latency."""

MANY = 0.1
"""Of the shape with a hundred calls, how many jobs are submitted at once beside the others."""


@dataclass(frozen=True)
class Rounds:
    """Collects what the turns gave, by engine."""

    values: Mapping[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, engine: str, value: float) -> None:
        """Keeps the value of one turn."""
        self.values[engine].append(value)

    def medians(self) -> Iterator[tuple[str, float]]:
        """Gives the middle of each engine's turns."""
        for engine, values in self.values.items():
            yield engine, median(values)


def latency(house: House, shape: Shape, rounds: int) -> Iterator[Figure]:
    """Measures jobs that come one at a time: p50 and p95 in milliseconds, and the ratio of the rounds' medians."""
    singles: dict[str, list[float]] = defaultdict(list)
    middles = Rounds()
    for number in range(rounds):
        progress(f"{shape.name}, one at a time, round {number + 1} of {rounds}")
        for each in house.contenders:
            with each.awake():
                each.watch.run(shape, 1)
                taken = [each.watch.run(shape, 1) for _ in range(SINGLE)]
            singles[each.name] += taken
            middles.add(each.name, median(taken))
    for engine, seconds in singles.items():
        yield Figure(f"{shape.name}_latency_p50_{engine}", round(median(seconds) * 1e3, 2), "ms")
        yield Figure(f"{shape.name}_latency_p95_{engine}", round(percentile(seconds, 0.95) * 1e3, 2), "ms")
    yield from beside(f"{shape.name}_latency", middles.values)


def rate(house: House, shape: Shape, rounds: int, jobs: int) -> Iterator[Figure]:
    """Measures jobs that come at once: jobs a second, and CPU milliseconds of client, workers and servers per job."""
    jobs = max(1, int(jobs * MANY)) if shape is HUNDRED else jobs
    seconds, used = Rounds(), Rounds()
    for number in range(rounds):
        progress(f"{shape.name}, {jobs} at once, round {number + 1} of {rounds}")
        for each in house.contenders:
            with each.awake():
                before = each.cpu(house.servers)
                seconds.add(each.name, each.watch.run(shape, jobs))
                used.add(each.name, each.cpu(house.servers) - before)
    yield from _rates(f"{shape.name}_rate", seconds, jobs)
    for engine, value in used.medians():
        yield Figure(f"{shape.name}_cpu_{engine}", round(value / jobs * 1e3, 2), "ms/job")
    yield from beside(f"{shape.name}_cpu", used.values)


def submission(house: House, shape: Shape, rounds: int, jobs: int) -> Iterator[Figure]:
    """Measures submission alone, from one process, while the workers are still; then lets them end the jobs.

    packsys takes the jobs as a service with many sends them, fifty together, and once more one by one.
    """
    seconds, alone = Rounds(), Rounds()
    for number in range(rounds):
        progress(f"{shape.name}, {jobs} submitted, round {number + 1} of {rounds}")
        for each in house.contenders:
            seconds.add(each.name, _submitted(each, each.watch, shape, jobs))
        alone.add(OURS, _submitted(house.ours, house.ours.watch.alone(), shape, jobs))
    yield from _rates(f"{shape.name}_submission", seconds, jobs)
    yield from _rates(f"{shape.name}_submission_one_by_one", alone, jobs)


def _submitted(contender: Contender, watch: Stopwatch, shape: Shape, jobs: int) -> float:
    taken, waits = watch.submitted(shape, jobs)
    with contender.awake():
        watch.collect(shape, waits)
    return taken


def _rates(name: str, seconds: Rounds, jobs: int) -> Iterator[Figure]:
    for engine, value in seconds.medians():
        yield Figure(f"{name}_{engine}", round(jobs / value, 1), "jobs/s")
    yield from beside(name, seconds.values)
