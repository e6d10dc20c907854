"""Lists the benchmarks, or runs one: ``python -m benchmarks [NAME [OPTIONS]]``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib import import_module

from benchmarks.figures import Figure

BENCHMARKS = {
    "limiter": "checks of the rate limiter beside the limits package, and what a service sees of it",
    "language": "formulas parsed, bound and printed, beside other parsers, and how time grows with length",
    "execution": "jobs from submission to answer, beside a Celery canvas, dramatiq, DBOS and Redis with Lua alone",
    "sandbox": "calls of packs of strangers behind the sandbox's walls, beside the bare function",
    "sync": "rows from a service into PostgreSQL, beside dlt and a loop of COPY and merge written by hand",
    "path": "a formula of a published pack from submission to answer, beside the same pack in the worker's process",
}


def main(words: Sequence[str]) -> int:
    """Runs the named benchmark and prints one JSON object a line for each figure; without a name, lists all."""
    if not words:
        print("\n".join(f"{name:12} {about}" for name, about in BENCHMARKS.items()))
        return 0
    if words[0] not in BENCHMARKS:
        print(f"There is no benchmark {words[0]!r}: there are {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    for figure in figures(words[0], words[1:]):
        print(figure.line(), flush=True)
    return 0


def figures(name: str, options: Sequence[str]) -> Iterator[Figure]:
    """Runs a benchmark; one that has a parser takes options, for the others they are an error."""
    module = import_module(f"benchmarks.{name}")
    if hasattr(module, "parser"):
        yield from module.run(module.parser().parse_args(options))
    elif options:
        sys.exit(f"The benchmark {name!r} takes no options: {' '.join(options)}")
    else:
        yield from module.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
