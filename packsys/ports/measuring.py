"""Sockets for figures about the whole system, whichever process counted them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol


class Series(NamedTuple):
    """Names one line of figures: its metric, and the values of the metric's labels in their order."""

    metric: str
    labels: tuple[str, ...] = ()


class Sample(NamedTuple):
    """Is a figure at this moment."""

    series: Series
    value: float


class Meter(Protocol):
    """Reads figures from one server."""

    def read(self) -> Sequence[Sample]:
        """Reads them at a bounded cost, however much the server holds; raises :class:`~packsys.errors.NotReady`."""


class Counters(Meter, Protocol):
    """Adds up what the processes count; the server may forget, and begin again at 0."""

    def add(self, counts: Mapping[Series, float]) -> None:
        """Adds to the sums of all processes; raises :class:`~packsys.errors.NotReady` where they are not taken."""
