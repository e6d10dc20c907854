"""Starts programs fast, and has them look for garbage where there may be some."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

MANY = 10_000
"""New objects after which a worker looks for garbage among them; without being told Python does so after 700."""


def collect_rarely() -> None:
    """Looks for garbage less often, in this process and those that it forks.

    A page of a thousand rows is five thousand new objects, and none of them is garbage before it is kept: an eighth of
    a worker's time for such a page, measured, went into looking at them.
    """
    gc.set_threshold(MANY, *gc.get_threshold()[1:])


@contextmanager
def without_collecting() -> Iterator[None]:
    """Imports without looking for garbage, which imports do not make: a sixth less time, measured on the service.

    What was made is then left out of every later collection; forked children share it for longer.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
