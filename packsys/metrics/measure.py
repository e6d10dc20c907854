"""Counts of this process, added to those of all processes from time to time."""

from __future__ import annotations

import logging
from collections import defaultdict
from threading import Lock, Timer

from packsys.errors import NotReady
from packsys.metrics.declared import Metric
from packsys.ports import Counters, Series

log = logging.getLogger(__name__)

PAUSE = 1.0
"""Seconds for which counts are collected: so much of them dies with a process that is killed."""

MOST = 1000
"""Series that a process counts; what comes after them is counted as ``other``."""


class Measure:
    """Collects counts and sends them on a moment later, from a thread of its own; keeps them while nobody takes them.

    Counting costs a microsecond: it happens several times a step.
    """

    def __init__(self, counters: Counters, *, pause: float = PAUSE, most: int = MOST) -> None:
        """Takes where counts go, and the seconds for which they are collected; 0 sends each at once."""
        self._counters, self._pause, self._most = counters, pause, most
        self._counts: defaultdict[Series, float] = defaultdict(float)
        self._known: set[Series] = set()
        self._waiting, self._lock = False, Lock()

    def count(self, metric: Metric, *labels: str, by: float = 1.0) -> None:
        """Counts once, or ``by`` something else than 1."""
        self.add({Series(metric.name, labels): by})

    def add(self, counts: dict[Series, float]) -> None:
        """Counts several things."""
        with self._lock:
            for series, by in counts.items():
                self._counts[self._bounded(series)] += by
            begins, self._waiting = not self._waiting, True
        if begins:
            self._begin()

    def flush(self) -> None:
        """Sends what was collected; what is not taken goes with the next."""
        with self._lock:
            counts, self._counts, self._waiting = self._counts, defaultdict(float), False
        try:
            self._counters.add(counts)
        except NotReady as error:
            log.debug("metrics.kept", extra={"cause": error.message})
            with self._lock:
                for series, by in counts.items():
                    self._counts[series] += by

    def _bounded(self, series: Series) -> Series:
        if series in self._known:
            return series
        if len(self._known) >= self._most:
            return Series(series.metric, ("other",) * len(series.labels))
        self._known.add(series)
        return series

    def _begin(self) -> None:
        if self._pause <= 0:
            self.flush()
            return
        timer = Timer(self._pause, self.flush)
        timer.daemon = True
        timer.start()
