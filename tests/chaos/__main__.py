"""Hurts a whole house in every way and says what came of it: ``python -m tests.chaos``.

Prints one JSON object a line for each fault, and its progress on standard error. The exit code is 1 when an invariant
was broken.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.faults import FAULTS, Fault
from tests.chaos.house import House
from tests.chaos.provider import Provider
from tests.chaos.trial import Verdict, put_on_trial

SHORT = 24
"""Jobs for each fault in the short form: two of each shape."""


def main() -> int:
    """Runs what the options ask for, and gives the exit code."""
    options = read_options()
    if options.list:
        sys.stdout.write("\n".join(FAULTS) + "\n")
        return 0
    chosen = chosen_faults(options.fault, short=options.short)
    jobs = options.jobs or (SHORT if options.short else 1000)
    verdicts = []
    with (
        tempfile.TemporaryDirectory(prefix="packsys-chaos-") as folder,
        Provider(seed=options.seed) as provider,
        House(Path(options.keep or folder), provider, dispatcher=options.dispatcher) as house,
    ):
        for fault in chosen:
            say(f"{fault.name}: {jobs} jobs …")
            rounds = 1 if options.short else fault.rounds
            verdicts.append(put_on_trial(house, fault, jobs=jobs, seed=options.seed, rounds=rounds))
            report(verdicts[-1])
    return int(any(verdict.violations for verdict in verdicts))


def read_options() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--jobs", type=int, help=f"jobs for each fault (default: 1000, {SHORT} in the short form)")
    parser.add_argument("--fault", action="append", choices=FAULTS, metavar="NAME", help="only this one, or several")
    parser.add_argument("--seed", type=int, default=1, help="decides which jobs there are (default: 1)")
    parser.add_argument("--short", action="store_true", help="few jobs, one round, the faults that take seconds")
    parser.add_argument("--dispatcher", default="quick", choices=("quick", "canvas"), help="default: quick")
    parser.add_argument("--list", action="store_true", help="only lists the faults")
    parser.add_argument("--keep", help="an empty folder for the house: its logs and data stay there")
    return parser.parse_args()


def chosen_faults(names: Sequence[str] | None, *, short: bool) -> Sequence[Fault]:
    """Gives the faults of those names, or all of the short or the long form."""
    if names:
        return [FAULTS[name] for name in names]
    return [fault for fault in FAULTS.values() if fault.short or not short]


def report(verdict: Verdict) -> None:
    """Prints one line of the report."""
    sys.stdout.write(json.dumps(verdict.line(), ensure_ascii=False) + "\n")
    sys.stdout.flush()
    said = "holds" if not verdict.violations else f"BREAKS {', '.join(verdict.violations)}"
    say(f"{verdict.fault}: {said}, {verdict.seconds:.1f} s")


def say(sentence: str) -> None:
    """Tells how far we are."""
    sys.stderr.write(sentence + "\n")


if __name__ == "__main__":
    sys.exit(main())
