"""Turns measured rounds into figures."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """Is one measured number; a comparison has ``unit`` x and says in ``beside`` with what, larger is better.

    ``at_least`` and ``at_most`` are goals; a figure with one says whether it is met.
    """

    name: str
    value: float
    unit: str
    beside: str | None = None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool | None:
        """Tells whether the goal is met; None where there is none."""
        if self.at_least is None and self.at_most is None:
            return None
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )

    def line(self) -> str:
        """Writes the figure as one JSON object."""
        fields = {**asdict(self), "met": self.met}
        return json.dumps({key: value for key, value in fields.items() if value is not None})


def times(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Gives the median over rounds of how many times better ours is, for seconds: pairs cancel the machine's noise."""
    return round(median(their / our for our, their in zip(ours, theirs, strict=True)), 3)


def milliseconds(seconds: Sequence[float]) -> float:
    """Gives the median in milliseconds."""
    return round(median(seconds) * 1000, 3)


def percentile(values: Sequence[float], part: float) -> float:
    """Gives the value that ``part`` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def progress(sentence: str) -> None:
    """Says on standard error what goes on; standard output has the figures."""
    print(sentence, file=sys.stderr, flush=True)
