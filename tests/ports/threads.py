"""Does one thing from many threads at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

Result = TypeVar("Result")


def at_once(act: Callable[[int], Result], *, threads: int = 8) -> list[Result]:
    """Calls ``act`` with 0, 1, 2 …, each in a thread of its own, and gives what came back in that order."""
    gate = Barrier(threads)

    def step_forward(number: int) -> Result:
        gate.wait(10)
        return act(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(step_forward, range(threads)))
