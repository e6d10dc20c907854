"""Runs workers on every queue: ``python -m workers``.

The same as several ``celery -A workers.app worker``, one a core, without importing Celery's whole command line: they
start in half the time and share what they imported.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from functools import partial

from packsys.starting import without_collecting

with without_collecting():
    from workers.app import app, prepare
    from workers.herd import Herd
    from workers.requests import take_for_good

QUEUES = ("upkeep", "celery", "formulas", "syncs", "formulas.scheduled", "formulas.backfill")
"""In the order in which a worker looks for work."""


def main() -> int:
    """Runs until it is told to end, and gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument("--slots", type=positive, default=4, help="how many calls run at once (default: 4)")
    parser.add_argument("--processes", type=positive, help="over how many processes (default: one a core)")
    parser.add_argument("--queues", default=",".join(QUEUES), help=f"default: {','.join(QUEUES)}")
    options = parser.parse_args()
    processes = min(options.slots, options.processes or os.cpu_count() or 1)
    prepare()
    shares = [options.slots // processes + (place < options.slots % processes) for place in range(processes)]
    return Herd([partial(run, place, slots, options.queues) for place, slots in enumerate(shares)])()


def positive(text: str) -> int:
    """Reads a number above 0; raises ValueError, of which the parser makes a sentence."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def run(place: int, slots: int, queues: str) -> int:
    """Runs one worker process, and gives its exit code."""
    if slots == 1:
        take_for_good(app)
    worker = app.Worker(
        concurrency=slots,
        pool="solo" if slots == 1 else "threads",
        queues=queues,
        without_gossip=True,
        without_mingle=True,
        hostname=f"worker{place + 1}@{socket.gethostname()}",
        loglevel="INFO",
    )
    worker.start()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main())
