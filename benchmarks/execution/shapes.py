"""The graphs of calls that every engine evaluates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

NAP = 0.02
"""Seconds that a call of the variant takes that stands for calling an API."""


@dataclass(frozen=True)
class Shape:
    """Is ``width`` calls at once that each add the job's seed to a number, their sum, and ``tail`` calls after it.

    Without width, the tail begins with the seed. Every job has a seed of its own, so that no two make equal calls:
    none can answer for another. A call waits ``pause`` seconds; the sum never does.
    """

    name: str
    width: int
    tail: int
    pause: float = 0.0

    @property
    def calls(self) -> int:
        """Counts the calls of a pack: the sum is none."""
        return self.width + self.tail

    @cached_property
    def formula(self) -> str:
        """Writes the shape as a formula of the variable ``seed``."""
        nested = self._sum if self.width else "seed"
        for _ in range(self.tail):
            nested = self._call(nested, "1")
        return nested

    def value(self, seed: int) -> int:
        """Gives what the job must give."""
        start = self.width * (self.width + 1) // 2 + self.width * seed if self.width else seed
        return start + self.tail

    @property
    def _sum(self) -> str:
        numbers = range(1, self.width + 1)
        if self.width < 10:
            return f"Sum(List({', '.join(self._call(str(number), 'seed') for number in numbers)}))"
        return f"List({', '.join(map(str, numbers))}).FormulaMap({self._call('CurrentValue', 'seed')}).Sum()"

    def _call(self, left: str, right: str) -> str:
        return f"Probe::Sleep({self.pause}, {left} + {right})" if self.pause else f"Probe::Add({left}, {right})"


CHAIN = Shape("chain_5", 0, 5)
TEN = Shape("chord_10", 10, 0)
HUNDRED = Shape("chord_100", 100, 0)
MIXED = Shape("mixed", 5, 2)
NAPPING = replace(MIXED, name="mixed_20ms", pause=NAP)
SHAPES = (CHAIN, TEN, HUNDRED, MIXED)
