"""The goals of issue 5, and what a comparison says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.execution.house import OURS
from benchmarks.figures import Figure, times

AT_LEAST: Mapping[tuple[str, str], float] = {
    ("chain_5_latency", "canvas"): 4.0,
    ("chord_100_latency", "canvas"): 2.5,
    ("mixed_rate", "canvas"): 3.0,
    ("mixed_rate", "dramatiq"): 1.0,
    ("mixed_rate", "dbos"): 1.0,
    ("mixed_cpu", "canvas"): 3.0,
    ("mixed_20ms_rate", "canvas"): 1.3,
    ("mixed_20ms_rate", "lua"): 0.9,
    ("mixed_submission", "canvas"): 10.0,
    ("cached_rate", "bare"): 0.5,
}
"""Times better than who is named."""

AT_MOST: Mapping[str, float] = {"chord_100_reads": 4.0, "mixed_reads": 4.0, "cached_p50": 3.0}


def beside(name: str, costs: Mapping[str, Sequence[float]]) -> Iterator[Figure]:
    """Compares packsys with every other, round by round; a cost is seconds or anything of which less is better."""
    for other, theirs in costs.items():
        if other != OURS:
            yield Figure(name, times(costs[OURS], theirs), "x", other, at_least=AT_LEAST.get((name, other)))
