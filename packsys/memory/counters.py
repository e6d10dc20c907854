"""The twin of what adds up the figures of all processes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from threading import Lock

from packsys.ports import Sample, Series


class MemoryCounters:
    """Keeps sums in this process."""

    def __init__(self) -> None:
        """Begins at 0."""
        self._sums: defaultdict[Series, float] = defaultdict(float)
        self._lock = Lock()

    def add(self, counts: Mapping[Series, float]) -> None:
        """Adds to the sums."""
        with self._lock:
            for series, count in counts.items():
                self._sums[series] += count

    def read(self) -> Sequence[Sample]:
        """Reads all sums."""
        with self._lock:
            return [Sample(series, value) for series, value in self._sums.items()]
