"""Looks for a formula that breaks a law of the language: ``python -m tests.language.fuzz --seconds 3600``.

With atheris installed, the search is guided by what runs; without it, it is random. It ends at the first finding.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from random import Random
from tempfile import gettempdir
from time import monotonic

_SLOW = 6.0  # seconds: what is watched by atheris takes several times as long


def seeds(dice: Random) -> Iterator[bytes]:
    """Makes random bytes without end, some of them made of ones before."""
    kept: list[bytes] = [bytes([100, *dice.randbytes(20)])]
    while True:
        old = bytearray(dice.choice(kept))
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(old))
            old[at : at + dice.choice((0, 1, 2))] = dice.randbytes(dice.choice((0, 1, 2, 8)))
        fresh = bytes(old) or dice.randbytes(20)
        kept[dice.randrange(len(kept)) if len(kept) > 500 else len(kept) :] = [fresh[:200]]
        yield fresh


def search(seconds: float, seed: int) -> int:
    """Checks random formulas for some time, and gives their number; raises the first finding."""
    laws = import_module("tests.language.laws")
    until, count, some = monotonic() + seconds, 0, seeds(Random(seed))
    while monotonic() < until:
        laws.try_one(next(some))
        count += 1
    return count


def guided(seconds: float, seed: int) -> None:
    """Hands the search to atheris, which ends the program."""
    import atheris

    with atheris.instrument_imports(include=["packsys.language", "packsys.planner"]):
        laws = import_module("tests.language.laws")
    options = [f"-max_total_time={seconds:.0f}", f"-seed={seed}", f"-artifact_prefix={gettempdir()}/"]
    atheris.Setup(
        [sys.argv[0], *options, "-max_len=160", "-len_control=0", "-timeout=60"], partial(laws.try_one, slow=_SLOW)
    )
    atheris.Fuzz()


def main(words: list[str]) -> None:
    """Searches for as long as it is told."""
    asked = argparse.ArgumentParser(description="Looks for a formula that breaks a law of the language.")
    asked.add_argument("--seconds", type=float, default=60.0)
    asked.add_argument("--seed", type=int, default=1)
    options = asked.parse_args(words)
    if find_spec("atheris"):
        guided(options.seconds, options.seed)
    else:
        count = search(options.seconds, options.seed)
        sys.stdout.write(f"{count:,} formulas, and no finding; atheris would guide the search\n")


if __name__ == "__main__":
    main(sys.argv[1:])
