"""Runs service, worker and beat under a steady mixed load, and prints what they take up as JSON, a line for each look.

At the end it judges: the memory of each is flat once it is warm, and the keys of both Redis servers are as many as at
the beginning. The exit code is 1 when that is not so, or when a job ended otherwise than it must.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.execution.house import PROBE
from benchmarks.figures import Figure, progress
from benchmarks.soak.load import Load
from benchmarks.soak.verdict import Sample, left_over, slopes
from benchmarks.soak.vitals import Doctor, Keys
from packsys.cli.system import Plan, System


@dataclass(frozen=True, kw_only=True)
class Length:
    """Says how long a soak is, in seconds: the load, from look to look, and for the keys to go.

    With ``lasting``, only keys count that do not expire by themselves.
    """

    load: float
    look: float = 10.0
    drain: float = 300.0
    lasting: bool = False


SETTLING = 2.5
"""Seconds until what the first jobs counted has been sent on: once a second, into keys that then stay."""

SHORT = Length(load=6.0, look=1.5, drain=5.0, lasting=True)


def main(words: Sequence[str]) -> int:
    """Soaks, and gives the exit code."""
    options = parser().parse_args(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    length = SHORT if options.short else Length(load=options.minutes * 60)
    with TemporaryDirectory(prefix="packsys-soak-") as folder:
        plan = Plan(directory=Path(folder), parts=("service", "worker", "beat"), slots=2, packs=(PROBE,))
        with System(plan) as system:
            return soak(system, length, judging_memory=not options.short)


def parser() -> argparse.ArgumentParser:
    """Makes the parser of the options."""
    made = argparse.ArgumentParser(prog="make soak", description=__doc__)
    made.add_argument("--minutes", type=float, default=30.0, help="how long the load lasts (default: 30)")
    made.add_argument("--short", action="store_true", help="some seconds: says nothing about memory")
    return made


def soak(system: System, length: Length, *, judging_memory: bool) -> int:
    """Loads a running system, prints what is seen and the verdict, and gives the exit code."""
    load, doctor = Load(system.url, system.key), Doctor(system)
    load.prelude()
    time.sleep(SETTLING)
    before, samples = doctor.keys(), []
    for sample in watched(load, doctor, length):
        samples.append(sample)
        _tell({"second": round(sample.second, 1), **asdict(sample.vitals), "jobs": dict(load.ended)})
    verdict = [*(slopes(samples) if judging_memory else ()), *_drained(doctor, before, length)]
    for figure in verdict:
        print(figure.line(), flush=True)
    for trouble in load.wrong:
        progress(trouble)
    good = all(figure.met for figure in verdict) and not load.wrong
    _tell({"jobs": load.ended.total(), "wrong": len(load.wrong), "verdict": "flat" if good else "not as it must be"})
    return 0 if good else 1


def watched(load: Load, doctor: Doctor, length: Length) -> Iterator[Sample]:
    """Keeps the load up for its time, and looks from time to time."""
    begun = time.monotonic()
    load.start()
    try:
        while (second := time.monotonic() - begun) < length.load:
            yield Sample(second, doctor.look())
            time.sleep(length.look)
    finally:
        load.stop()


def _drained(doctor: Doctor, before: Mapping[str, Keys], length: Length) -> list[Figure]:
    """Waits until the keys are as many as before, or for as long as it may."""
    until = time.monotonic() + length.drain
    while True:
        found = [*left_over(before, doctor.keys(), lasting=length.lasting)]
        if all(figure.met for figure in found) or time.monotonic() > until:
            return found
        time.sleep(length.look / 10)


def _tell(fields: object) -> None:
    print(json.dumps(fields), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
