"""Lists the benchmarks, or runs one: ``python -m benchmarks [NAME]``."""

from __future__ import annotations

import sys
from importlib import import_module

BENCHMARKS = {
    "limiter": "checks of the rate limiter beside the limits package, and what a service sees of it",
    "language": "formulas parsed, bound and printed, beside other parsers, and how time grows with length",
    "execution": "jobs from submission to answer, beside a hand-written Celery canvas of the same shape",
    "sandbox": "calls of packs of strangers behind the sandbox's walls, beside the bare function",
    "path": "a formula of a published pack from submission to answer, beside the same pack in the worker's process",
}


def main(names: list[str]) -> int:
    """Runs the named benchmark and prints one JSON object a line for each figure; without a name, lists all."""
    if not names:
        print("\n".join(f"{name:12} {about}" for name, about in BENCHMARKS.items()))
        return 0
    if names[0] not in BENCHMARKS:
        print(f"There is no benchmark {names[0]!r}: there are {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    for figure in import_module(f"benchmarks.{names[0]}").run():
        print(figure.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
