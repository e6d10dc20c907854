"""Starts programs fast."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
