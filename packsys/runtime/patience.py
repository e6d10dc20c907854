"""Waits for servers that start at the same time as we do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from packsys.errors import NotReady

Result = TypeVar("Result")


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
