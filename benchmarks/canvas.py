"""Is what people write by hand: a Celery canvas with the result backend, default settings."""

from __future__ import annotations

import os

from celery import Celery, chain, chord

url = os.environ["CANVAS_URL"]
app = Celery("canvas", broker=url, backend=url)


@app.task
def add(left: int, right: int) -> int:
    """Adds two numbers: the smallest useful work."""
    return left + right


@app.task
def total(numbers: list[int]) -> int:
    """Joins a chord."""
    return sum(numbers)


def chain_of(length: int) -> object:
    """Makes a chain of calls, each adding 1."""
    return chain(add.s(0, 1), *(add.s(1) for _ in range(length - 1)))


def chord_of(width: int) -> object:
    """Makes a chord of calls and their sum."""
    return chord([add.s(number, 1) for number in range(1, width + 1)], total.s())


def mixed() -> object:
    """Makes a chord of five, a join, and a chain of two behind it."""
    return chain(chord_of(5), add.s(1), add.s(1))
