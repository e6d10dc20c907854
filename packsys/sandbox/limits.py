"""How much a pack may use."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST = 60.0
"""Seconds that any call may take, as in the packs that people know."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds one session of a pack; sizes are bytes.

    ``memory`` is address space on top of the interpreter, ``seconds`` the most that a call may take even if it
    was given more. ``output`` is the largest message that the pack may send (a result, or a request with its
    body), ``values`` how many values may be in it, ``fetches`` the requests and ``log`` the log text of one call.

    ``spare`` is how many blank sessions are forked ahead of the next calls, ``idle`` how many warm ones may wait
    for theirs, ``calls`` and ``busy`` after how many calls, and after how many seconds of them, a warm session is
    replaced.
    """

    memory: int = 128 * 2**20
    seconds: float = LONGEST
    output: int = 8 * 2**20
    values: int = 2_000_000
    fetches: int = 500
    log: int = 64 * 2**10
    spare: int = 1
    idle: int = 4
    calls: int = 1_000
    busy: float = 300.0

    def __post_init__(self) -> None:
        """Refuses limits that limit nothing, with :class:`ValueError`."""
        if not 0 < self.seconds <= LONGEST:
            raise ValueError(f"A call may take more than 0 and at most {LONGEST:g} seconds, not {self.seconds:g}.")
        for name in ("memory", "output", "values"):
            if getattr(self, name) <= 0:
                raise ValueError(f"The limit {name} is {getattr(self, name)}: give it a number above 0.")
