"""Measures jobs from submission to answer, beside what people would use instead, in one run on the same servers.

Every engine has two slots, and sixteen where calls take 20 ms. In each round every engine has its turn, while the
workers of the others are held still, and every value is checked. ``docs/benchmarks.md`` says what a figure means.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection

from benchmarks.execution import cached, reads
from benchmarks.execution.house import House, house
from benchmarks.execution.shapes import MIXED, NAPPING, SHAPES
from benchmarks.execution.turns import latency, rate, submission
from benchmarks.figures import Figure

FEW, MANY = 2, 16
"""Slots."""

_SPAWN = multiprocessing.get_context("spawn")

Part = Callable[[House, argparse.Namespace], Iterator[Figure]]


def _latencies(house: House, options: argparse.Namespace) -> Iterator[Figure]:
    for shape in SHAPES:
        yield from latency(house, shape, options.rounds)


def _rates(house: House, options: argparse.Namespace) -> Iterator[Figure]:
    for shape in SHAPES:
        yield from rate(house, shape, options.rounds, options.jobs)


def _submission(house: House, options: argparse.Namespace) -> Iterator[Figure]:
    yield from submission(house, MIXED, options.rounds, options.jobs)


def _reads(house: House, options: argparse.Namespace) -> Iterator[Figure]:
    yield from reads.measured(house)


def _naps(house: House, options: argparse.Namespace) -> Iterator[Figure]:
    yield from rate(house, NAPPING, options.rounds, options.jobs)


PARTS: Mapping[int, Mapping[str, Part]] = {
    FEW: {"latency": _latencies, "rate": _rates, "submission": _submission, "reads": _reads},
    MANY: {"20ms": _naps},
}
"""What is measured, by the slots that it needs."""

CACHED = "cached"
NAMES = (*(name for parts in PARTS.values() for name in parts), CACHED)


def parser() -> argparse.ArgumentParser:
    """Makes the parser of the options."""
    made = argparse.ArgumentParser(prog="make bench-execution", description=__doc__)
    made.add_argument("--rounds", type=int, default=5, help="turns of every engine for each figure (default: 5)")
    made.add_argument("--jobs", type=int, default=200, help="jobs that come at once (default: 200)")
    made.add_argument("--only", action="append", choices=NAMES, help="measure only this; may be repeated")
    return made


def run(options: argparse.Namespace) -> Iterator[Figure]:
    """Measures what is asked for."""
    _end_in_order()
    wanted = options.only or NAMES
    for slots, parts in PARTS.items():
        if set(parts) & set(wanted):
            yield from _apart(slots, options)
    if CACHED in wanted:
        yield from cached.measured(options.rounds)


def _end_in_order() -> None:
    """Ends on SIGTERM as on Ctrl-C: a worker that is held still would never end by itself."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def _apart(slots: int, options: argparse.Namespace) -> Iterator[Figure]:
    """Measures in a process of its own: clients of peers keep the address of the servers that they began with."""
    mine, theirs = _SPAWN.Pipe(duplex=False)
    process = _SPAWN.Process(target=_measure, args=(slots, options, theirs))
    process.start()
    theirs.close()
    try:
        with suppress(EOFError):
            while True:
                yield mine.recv()
        process.join()
    finally:
        process.terminate()  # it wakes and ends whomever it holds still
        process.join()
    if process.exitcode:
        sys.exit(f"The part with {slots} slots failed: the reason is above.")


def _measure(slots: int, options: argparse.Namespace, told: Connection) -> None:
    _end_in_order()
    with house(slots) as started:
        for name, part in PARTS[slots].items():
            if name in (options.only or NAMES):
                for figure in part(started, options):
                    told.send(figure)
    told.close()
    os._exit(0)  # clients of peers would try for half a minute to take leave of servers that are gone
