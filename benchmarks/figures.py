"""Turns measured rounds into figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """Is one measured number; a comparison has ``unit`` x and says in ``beside`` with what, larger is better."""

    name: str
    value: float
    unit: str
    beside: str | None = None

    def line(self) -> str:
        """Writes the figure as one JSON object."""
        return json.dumps({key: value for key, value in asdict(self).items() if value is not None})


def times(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Gives the median over rounds of how many times better ours is, for seconds: pairs cancel the machine's noise."""
    return round(median(their / our for our, their in zip(ours, theirs, strict=True)), 3)


def milliseconds(seconds: Sequence[float]) -> float:
    """Gives the median in milliseconds."""
    return round(median(seconds) * 1000, 3)
