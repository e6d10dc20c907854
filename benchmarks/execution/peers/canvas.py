"""A hand-written Celery canvas with the result backend, in default settings."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import Any

from celery import Celery, chain, chord

from benchmarks.execution.engine import PATIENCE, Wait
from benchmarks.execution.shapes import Shape

url = os.environ["BENCH_CELERY"]
app = Celery("canvas", broker=url, backend=url)


@app.task
def add(left: int, right: int, pause: float = 0.0) -> int:
    """Adds two numbers: the smallest useful work."""
    if pause:
        time.sleep(pause)
    return left + right


@app.task
def total(numbers: list[int]) -> int:
    """Joins a chord."""
    return sum(numbers)


def drawn(shape: Shape, seed: int) -> Any:
    """Makes the canvas of a shape."""
    tail = [add.s(1, shape.pause) for _ in range(shape.tail)]
    if not shape.width:
        return chain(add.s(seed, 1, shape.pause), *tail[1:])
    joined = chord([add.s(number, seed, shape.pause) for number in range(1, shape.width + 1)], total.s())
    return chain(joined, *tail) if tail else joined


class Engine:
    """Sends canvases and waits for their results."""

    def submit(self, shape: Shape, seed: int) -> Wait:
        """Begins a job."""
        return partial(drawn(shape, seed).apply_async().get, timeout=PATIENCE)
