"""Judges a limiter by what got through: the log that the service on the other side would keep."""

from __future__ import annotations

from collections.abc import Sequence


def had_room(times: Sequence[float], at: float, *, limit: int, window: float, weight: int = 1) -> bool:
    """Tells whether a window of this length that ends at ``at`` had room for ``weight`` more."""
    return sum(at - window < each <= at for each in times) + weight <= limit
