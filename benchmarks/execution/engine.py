"""What runs jobs, and how it is timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from typing import Protocol

from benchmarks.execution.shapes import Shape

PATIENCE = 120.0
"""Seconds after which a job that has not ended ends the benchmark."""

CHUNK = 50
"""Jobs that a service with many would send together, where an engine takes many."""

Wait = Callable[[], object]
"""Waits for a job's end and gives its value."""


class Engine(Protocol):
    """Evaluates shapes."""

    def submit(self, shape: Shape, seed: int) -> Wait:
        """Begins a job, and gives the way to its value."""


Door = Callable[[Shape, Sequence[int]], Sequence[Wait]]
"""Begins a job of a shape for each seed, and gives the ways to their values."""


class Stopwatch:
    """Gives jobs to an engine, and checks every value."""

    def __init__(self, engine: Engine, seeds: Iterator[int] | None = None, *, many: Door | None = None) -> None:
        """Takes the engine, and its door for many jobs where it has one; every job gets the next seed."""
        self._engine = engine
        self._seeds = seeds or count(1)
        self._many = many or self._one_by_one

    def alone(self) -> Stopwatch:
        """Gives one that submits one job after the other."""
        return Stopwatch(self._engine, self._seeds)

    def run(self, shape: Shape, jobs: int) -> float:
        """Submits ``jobs`` at once and gives the seconds until all have their value."""
        begun = time.perf_counter()
        self.collect(shape, self.submit(shape, jobs))
        return time.perf_counter() - begun

    def submit(self, shape: Shape, jobs: int) -> list[tuple[int, Wait]]:
        """Begins jobs, and gives the seed of each and the way to its value."""
        if jobs == 1:
            seed = next(self._seeds)
            return [(seed, self._engine.submit(shape, seed))]
        chunks = [list(islice(self._seeds, min(CHUNK, jobs - begun))) for begun in range(0, jobs, CHUNK)]
        return [each for seeds in chunks for each in zip(seeds, self._many(shape, seeds), strict=True)]

    def submitted(self, shape: Shape, jobs: int) -> tuple[float, list[tuple[int, Wait]]]:
        """Begins jobs, and gives the seconds that this took beside what :meth:`submit` gives."""
        begun = time.perf_counter()
        waits = self.submit(shape, jobs)
        return time.perf_counter() - begun, waits

    def collect(self, shape: Shape, waits: list[tuple[int, Wait]]) -> None:
        """Waits for every value; raises AssertionError for a wrong one."""
        for seed, wait in waits:
            value = wait()
            assert value == shape.value(seed), f"{shape.name} of {seed} gave {value!r}, not {shape.value(seed)}"

    def _one_by_one(self, shape: Shape, seeds: Sequence[int]) -> Sequence[Wait]:
        return [self._engine.submit(shape, seed) for seed in seeds]
