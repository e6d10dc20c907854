"""Measures how long 100,000 rows take from a service into PostgreSQL, beside dlt and a loop written by hand.

Everybody reads the same pages of the same service, one after the other, into the same PostgreSQL; at last we read eight
partitions side by side, from a service that takes its time. In each round all have their turn, first with nothing kept,
then again with everything unchanged.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence

from benchmarks.figures import Figure, progress, times
from benchmarks.sync.house import BARE, DEFAULT, OURS, TUNED, House, Load, house
from benchmarks.sync.split import split

LATENCY, PARTITIONED = 0.02, 0
"""Seconds that a service takes for a page; and the size of a page where partitions are read side by side, any."""

AT_LEAST = {(1000, TUNED): 2.0, (1000, BARE): 0.5, (100, TUNED): 1.0, (PARTITIONED, TUNED): 5.0}
"""Times better than who is named, by the rows of a page: the goals of issue 6."""

MOST_LOG, MOST_MEMORY = 50.0, 150.0
"""Bytes of PostgreSQL's log for an unchanged row, and megabytes of a worker process."""

Loads = dict[tuple[str, str], list[Load]]


def parser() -> argparse.ArgumentParser:
    """Makes the parser of the options."""
    made = argparse.ArgumentParser(prog="make bench-sync", description=__doc__)
    made.add_argument("--rows", type=int, default=100_000, help="rows of the service (default: 100000)")
    made.add_argument("--rounds", type=int, default=3, help="turns of everybody for each figure (default: 3)")
    made.add_argument("--size", type=int, action="append", help="rows of a page (default: 1000 and 100)")
    made.add_argument("--delay", type=float, action="append", help="seconds of a page (default: 0 and 0.02)")
    made.add_argument("--only", action="append", choices=(OURS, BARE, TUNED, DEFAULT), help="leaves the others out")
    return made


def run(options: argparse.Namespace) -> Iterator[Figure]:
    """Measures rows a second, times better than each other, log and memory, and what a page costs by part."""
    with house(options.rows) as made:
        for delay in options.delay or (0.0, 0.02):
            for size in options.size or (1000, 100):
                yield from measured(made, options, size=size, delay=delay)
        for size in options.size or (1000, 100):
            yield from parted(made, options, size=size)
        for size in options.size or (1000, 100):
            yield from split(made, size=size)


def measured(made: House, options: argparse.Namespace, *, size: int, delay: float) -> Iterator[Figure]:
    """Measures one size of pages at one delay."""
    loads: Loads = defaultdict(list)
    for number in range(options.rounds):
        for name, begin in made.loaders():
            if options.only and name not in options.only:
                continue
            progress(f"pages of {size}, {delay * 1e3:g} ms, round {number + 1} of {options.rounds}: {name}")
            load = begin()
            for kind in ("first", "again"):
                loads[name, kind].append(load(size, delay))
    for kind in ("first", "again"):
        yield from _compared(f"sync_{size}_{delay * 1e3:g}ms_{kind}", loads, kind, made.rows, size)
    yield from _ours(f"sync_{size}_{delay * 1e3:g}ms", loads)


def parted(made: House, options: argparse.Namespace, *, size: int) -> Iterator[Figure]:
    """Measures a table that may be read side by side, from a service that takes its time, beside tuned dlt."""
    loads: Loads = defaultdict(list)
    peers = {name: begin for name, begin in made.loaders() if name == TUNED}
    for number in range(options.rounds):
        for name, begin in {OURS: lambda: made.ours("Parts"), **peers}.items():
            progress(
                f"pages of {size}, {LATENCY * 1e3:g} ms, partitions, round {number + 1} of {options.rounds}: {name}"
            )
            load = begin()
            for kind in ("first", "again"):
                loads[name, kind].append(load(size, LATENCY))
    for kind in ("first", "again"):
        yield from _compared(f"sync_{size}_{LATENCY * 1e3:g}ms_partitions_{kind}", loads, kind, made.rows, PARTITIONED)


def _compared(name: str, loads: Loads, kind: str, rows: int, size: int) -> Iterator[Figure]:
    seconds = {who: [each.seconds for each in found] for (who, which), found in loads.items() if which == kind}
    for who, found in seconds.items():
        yield Figure(f"{name}_{who}", round(rows / _middle(found)), "rows/s")
    for who, found in seconds.items():
        if OURS in seconds and who != OURS:
            yield Figure(name, times(seconds[OURS], found), "x", who, at_least=AT_LEAST.get((size, who)))


def _ours(name: str, loads: Loads) -> Iterator[Figure]:
    for (who, kind), found in loads.items():
        mine = who == OURS
        peak, log = max(each.peak for each in found), _middle([each.log for each in found])
        yield Figure(f"{name}_{kind}_peak_{who}", round(peak), "MB", at_most=MOST_MEMORY if mine else None)
        most = MOST_LOG if mine and kind == "again" else None
        yield Figure(f"{name}_{kind}_log_{who}", round(log, 1), "bytes/row", at_most=most)


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
