"""How large a formula, and its evaluation, may be."""

from __future__ import annotations

from dataclasses import dataclass

MAX_LENGTH = 65_536
"""Characters of a formula."""

MAX_TOKENS = 5_000
"""Words, numbers, texts and signs of a formula."""

MAX_ARGUMENTS = 255
"""Arguments of one call."""

MAX_CHAIN = 256
"""Steps of one dot chain."""

MAX_NESTING = 200
"""Brackets, holes, prefix signs and powers inside each other."""

MAX_HOLES = 20
"""Holes ``{=…}`` inside each other."""

MAX_TEXT = 1_000_000
"""Characters of one computed text."""

MAX_WEIGHT = 1_000_000
"""Elements of one computed list or object, all levels together; 16 characters of text weigh as much as one."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Bounds one job: steps of one pass, items of one map, and pack calls of all passes.

    A step is a node evaluated, or an item or 16 characters that a function looks at or makes: about a microsecond of
    one core (measured on 2 shared cores, Python 3.11), so that a pass takes a few seconds at most.
    """

    nodes: int = 2_000_000
    width: int = 5_000
    calls: int = 10_000
