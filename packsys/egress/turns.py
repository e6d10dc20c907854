"""Bounds how many requests are under way at once."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from packsys.egress.deadline import Deadline
from packsys.errors import UpstreamError


class Turns:
    """Lets ``at_once`` go on under each name, in this process; the others wait until their deadline."""

    def __init__(self, at_once: int) -> None:
        """Begins with nobody."""
        self._at_once = at_once
        self._free: dict[tuple[int, Hashable], BoundedSemaphore] = {}

    @contextmanager
    def of(self, name: Hashable, deadline: Deadline) -> Iterator[None]:
        """Waits for a turn and gives it back; raises :class:`~packsys.errors.UpstreamError` when none comes."""
        # A process that was forked has its own turns: nobody there will give back those of its parent.
        free = self._free.setdefault((os.getpid(), name), BoundedSemaphore(self._at_once))
        if not free.acquire(timeout=deadline.left()):
            raise UpstreamError(f"Too many requests are under way to {deadline.host}.", reason="busy")
        try:
            yield
        finally:
            free.release()
