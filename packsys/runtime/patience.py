"""Waits for servers that start at the same time as we do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from packsys.errors import NotReady

Result = TypeVar("Result")

PATIENCE = 30.0
"""Seconds for which a worker waits for a database that is away, before it leaves its claim to run out."""


def patiently(attempt: Callable[[], Result], *, seconds: float = 60.0, pause: float = 0.02) -> Result:
    """Gives what ``attempt`` gives, trying again while it raises NotReady, for ``seconds`` at most."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return attempt()
        except NotReady:
            if time.monotonic() > deadline:
                raise
            time.sleep(pause)


def waiting(attempt: Callable[[], Result], seconds: float = PATIENCE) -> Result:
    """Does what a worker does that holds a claim, as soon as the database is there; raises NotReady after a while."""
    return patiently(attempt, seconds=seconds, pause=0.2)
