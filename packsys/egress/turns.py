"""Bounds how many requests are under way at once."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from packsys.egress.deadline import Deadline
from packsys.errors import UpstreamError


class _Hall:
    """Knows the turns of one process under way, and forgets those that nobody has or waits for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._free: dict[Hashable, tuple[BoundedSemaphore, int]] = {}

    def enter(self, name: Hashable, at_once: int) -> BoundedSemaphore:
        with self._lock:
            free, inside = self._free.get(name) or (BoundedSemaphore(at_once), 0)
            self._free[name] = free, inside + 1
        return free

    def leave(self, name: Hashable) -> None:
        with self._lock:
            free, inside = self._free.pop(name)
            if inside > 1:
                self._free[name] = free, inside - 1


class Turns:
    """Lets ``at_once`` go on under each name, in this process; the others wait until their deadline."""

    def __init__(self, at_once: int) -> None:
        """Begins with nobody."""
        self._at_once = at_once
        self._halls: dict[int, _Hall] = {}

    @contextmanager
    def of(self, name: Hashable, deadline: Deadline) -> Iterator[None]:
        """Waits for a turn and gives it back; raises :class:`~packsys.errors.UpstreamError` when none comes."""
        # A process that was forked has its own turns: nobody there will give back those of its parent.
        hall = self._halls.setdefault(os.getpid(), _Hall())
        free = hall.enter(name, self._at_once)
        try:
            if not free.acquire(timeout=deadline.left()):
                raise UpstreamError(f"Too many requests are under way to {deadline.host}.", reason="busy")
            try:
                yield
            finally:
                free.release()
        finally:
            hall.leave(name)
