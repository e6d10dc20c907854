"""Measures jobs from submission to answer, beside a hand-written Celery canvas of the same shape.

Both have two prefork slots on the same Valkey; rounds are interleaved and ratios taken pair by pair. packsys keeps
every job and step in PostgreSQL with a commit each; the canvas keeps results in Valkey only.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, milliseconds, times
from packsys.bootstrap import Services, wire
from packsys.cli.system import Plan, System
from packsys.embedded.process import Program, spawn
from packsys.model import Submission
from packsys.store.schema import migrate

PROBE = str(Path(__file__).parents[1] / "tests" / "packs" / "probe.py")
ROUNDS = 5
LATENCY_RUNS = 10
AT_ONCE = 200
BESIDE = "celery canvas"


@dataclass(frozen=True)
class Shape:
    """Is one graph of calls: as a formula, as a canvas, and the value that both must give."""

    name: str
    formula: str
    canvas: Callable[[], Any]
    value: int


def shapes() -> Sequence[Shape]:
    """Gives the shapes: a chain of five calls, chords of 10 and of 100, and the mixed job."""
    from benchmarks import canvas

    five = "0"
    for _ in range(5):
        five = f"Probe::Add({five}, 1)"
    leaves = ", ".join(f"Probe::Add({number}, 1)" for number in range(1, 6))
    return (
        Shape("chain_5", five, lambda: canvas.chain_of(5), 5),
        Shape("chord_10", _chord(10), lambda: canvas.chord_of(10), 65),
        Shape("chord_100", _chord(100), lambda: canvas.chord_of(100), 5150),
        Shape("mixed", f"Probe::Add(Probe::Add(Sum(List({leaves})), 1), 1)", canvas.mixed, 22),
    )


def _chord(width: int) -> str:
    return f"List({', '.join(map(str, range(1, width + 1)))}).FormulaMap(Probe::Add(CurrentValue, 1)).Sum()"


@dataclass(frozen=True)
class Ours:
    """Runs formulas through submission, PostgreSQL and Celery workers."""

    services: Services

    def run(self, shape: Shape, jobs: int) -> float:
        """Submits ``jobs`` at once and gives the seconds until all have their value."""
        begun = time.perf_counter()
        submitted = [self.services.submit(Submission(formula=shape.formula)).id for _ in range(jobs)]
        for job in submitted:
            self._wait(job, shape)
        return time.perf_counter() - begun

    def _wait(self, job: str, shape: Shape) -> None:
        rung = threading.Event()
        stop = self.services.events.listen(job, rung.set)
        while not (found := self.services.jobs.get(job)).state.final:
            rung.wait(1.0)
            rung.clear()
        stop()
        assert found.value == shape.value, f"{shape.name}: {found.value!r} {found.error}"


@dataclass(frozen=True)
class Canvas:
    """Runs the same shapes as a Celery canvas."""

    def run(self, shape: Shape, jobs: int) -> float:
        """Submits ``jobs`` at once and gives the seconds until all have their value."""
        begun = time.perf_counter()
        results = [shape.canvas().apply_async() for _ in range(jobs)]
        for result in results:
            value = result.get(timeout=120)
            assert value == shape.value, f"{shape.name}: {value!r}"
        seconds = time.perf_counter() - begun
        for result in results:
            result.forget()
        return seconds


def run() -> Iterator[Figure]:
    """Measures every shape's latency, and 200 mixed jobs at once."""
    with tempfile.TemporaryDirectory(prefix="packsys-bench-") as folder, _system(Path(folder)) as system:
        ours, canvas = Ours(wire(system.settings)), Canvas()
        for shape in shapes():
            yield from _latency(shape, ours, canvas)
        yield from _throughput(shapes()[-1], ours, canvas)


@contextmanager
def _system(folder: Path) -> Iterator[System]:
    """Runs one worker of ours and one for the canvas on the same servers, two slots each."""
    plan = Plan(directory=folder, parts=("worker",), slots=2, packs=(PROBE,))
    with System(plan) as system:
        migrate(system.settings.database_url)
        os.environ["CANVAS_URL"] = system.settings.state_url.replace("virtual_host=0", "virtual_host=1")
        canvas = spawn(_canvas_worker(folder))
        try:
            yield system
        finally:
            canvas.say_farewell()
            canvas.end(grace=10.0)


def _canvas_worker(folder: Path) -> Program:
    return Program(
        name="canvas",
        command=(sys.executable, "-m", "celery", "-A", "benchmarks.canvas", "worker", "-c", "2", "-l", "WARNING"),
        log=folder / "canvas.log",
        farewell=signal.SIGTERM,
        environment=dict(os.environ),
    )


def _latency(shape: Shape, ours: Ours, canvas: Canvas) -> Iterator[Figure]:
    pairs = [(ours.run(shape, 1), canvas.run(shape, 1)) for _ in range(LATENCY_RUNS + 1)][1:]
    mine, theirs = zip(*pairs, strict=True)
    yield Figure(f"{shape.name}_latency", milliseconds(mine), "ms")
    yield Figure(f"{shape.name}_latency_canvas", milliseconds(theirs), "ms")
    yield Figure(f"{shape.name}_latency", times(mine, theirs), "x", BESIDE)


def _throughput(shape: Shape, ours: Ours, canvas: Canvas) -> Iterator[Figure]:
    pairs = [(ours.run(shape, AT_ONCE), canvas.run(shape, AT_ONCE)) for _ in range(ROUNDS)]
    mine, theirs = zip(*pairs, strict=True)
    yield Figure(f"{shape.name}_rate", round(AT_ONCE / sorted(mine)[ROUNDS // 2], 1), "jobs/s")
    yield Figure(f"{shape.name}_rate_canvas", round(AT_ONCE / sorted(theirs)[ROUNDS // 2], 1), "jobs/s")
    yield Figure(f"{shape.name}_rate", times(mine, theirs), "x", BESIDE)
