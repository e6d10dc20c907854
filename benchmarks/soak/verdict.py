"""Judges a soak: whether memory is flat, and whether the keys went back to where they began."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import linear_regression

from benchmarks.figures import Figure
from benchmarks.soak.vitals import Keys, Vitals

WARM_UP = 1 / 3
"""The part of a soak in which memory may still grow: pools fill, modules are imported, caches come to their size."""

FLAT = 1.0
"""Megabytes in ten minutes, by which the line through the rest may rise at most."""

TEN_MINUTES = 600.0
LEAST = 3
"""Samples that a line needs."""


@dataclass(frozen=True)
class Sample:
    """Is what the doctor saw, and when: seconds since the load began."""

    second: float
    vitals: Vitals


def slopes(samples: Sequence[Sample]) -> Iterator[Figure]:
    """Gives the slope of each part's memory after the warm-up, by least squares; of too few samples, none."""
    kept = [each for each in samples if each.second >= WARM_UP * samples[-1].second]
    if len(kept) < LEAST:
        return
    seconds = [each.second for each in kept]
    for part in kept[0].vitals.parts:
        pss = [each.vitals.parts[part].pss for each in kept]
        slope = linear_regression(seconds, pss).slope * TEN_MINUTES
        yield Figure(f"{part}_memory", round(slope, 2), "MB/10min", at_most=FLAT)


def left_over(before: Mapping[str, Keys], after: Mapping[str, Keys], *, lasting: bool) -> Iterator[Figure]:
    """Counts the keys of each server that were not there before; with ``lasting``, those that never expire."""
    for server, keys in after.items():
        more = keys.lasting - before[server].lasting if lasting else keys.all - before[server].all
        yield Figure(f"{server}_keys", more, "keys more", at_most=0)
