"""How quick calls have been of late, by which a worker knows how many it may take together."""

from __future__ import annotations

QUICK = 0.005
"""Seconds that a quick call takes at most: one that asks nothing of a service."""

STREAK = 32
"""Quick calls without a slow one between them, before more than one is taken at once."""

MOST = 15
"""Calls that are taken besides the first: together they are over in a moment, and nobody waits for a slot."""

FORMULAS = 1000
"""Formulas whose pace is known at once; then it is found out anew."""


class Paces:
    """Counts for each formula how often it was quick since it last was not, in this process."""

    def __init__(self) -> None:
        """Knows nothing yet."""
        self._streaks: dict[str, int] = {}

    def note(self, call: str, seconds: float) -> None:
        """Counts a call that took so many seconds."""
        if len(self._streaks) >= FORMULAS and call not in self._streaks:
            self._streaks.clear()
        self._streaks[call] = self._streaks.get(call, 0) + 1 if seconds <= QUICK else 0

    def most(self, call: str) -> int:
        """Tells how many more calls to a formula may be taken with one of them."""
        return MOST if self._streaks.get(call, 0) >= STREAK else 0
