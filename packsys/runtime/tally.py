"""Counts by this process, added to those of all workers from time to time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum
from threading import Lock, Timer

PAUSE = 1.0
"""Seconds for which counts are collected: so much of them dies with a process that is killed."""


class Counted(StrEnum):
    """Names what is counted of results; each asking is counted under one of the first nine."""

    NEAR_HITS = "l1_hits"
    SHARED_HITS = "l2_hits"
    STALE_HITS = "l2_stale"
    LASTING_HITS = "l3_hits"
    MISSES = "misses"
    REFRESHES = "refreshes"
    ALONE = "alone"
    JOINED = "flights_joined"
    HANDED = "flights_handed"
    LED = "flights_led"
    NEAR_EVICTIONS = "l1_evictions"
    NEAR_MISSES = "l1_misses"
    LASTING_MISSES = "l3_misses"


class Tally:
    """Collects counts and sends them on a moment later, from a thread of its own."""

    def __init__(self, send: Callable[[Mapping[str, int]], None], *, pause: float = PAUSE) -> None:
        """Takes where counts go, and the seconds for which they are collected; 0 sends each at once."""
        self._send, self._pause = send, pause
        self._counts, self._waiting, self._lock = Counter[str](), False, Lock()

    def add(self, *names: Counted, number: int = 1) -> None:
        """Counts."""
        with self._lock:
            self._counts.update({name.value: number for name in names})
            begins, self._waiting = not self._waiting, True
        if begins:
            self._begin()

    def flush(self) -> None:
        """Sends what was collected."""
        with self._lock:
            counts, self._counts, self._waiting = self._counts, Counter(), False
        if counts:
            self._send(counts)

    def _begin(self) -> None:
        if self._pause <= 0:
            self.flush()
            return
        timer = Timer(self._pause, self.flush)
        timer.daemon = True
        timer.start()
