"""How quick calls have been of late, by which a worker knows how many it may take together."""

from __future__ import annotations

QUICK = 0.005
"""Seconds that a quick call takes at most: one that asks nothing of a service."""

SLOW = 0.1
"""Seconds from which a call is slow whatever the machine was busy with: nothing is known of its formula then."""

STREAK = 8
"""Quick calls before more than one is taken at once: what is held up by a slow one after all waits for a heartbeat."""

MEMORY = 8 * STREAK
"""Quick calls that count at most: four in a row that were not quick undo any number of them."""

MOST = 15
"""Calls that are taken besides the first: together they are over in a moment, and nobody waits for a slot."""

FORMULAS = 1000
"""Formulas whose pace is known at once; then it is found out anew."""


class Paces:
    """Counts for each formula how often it was quick of late, in this process.

    A call that was not quick undoes half of that: on a busy machine every formula has one now and then.
    """

    def __init__(self) -> None:
        """Knows nothing yet."""
        self._streaks: dict[str, int] = {}

    def note(self, call: str, seconds: float) -> None:
        """Counts a call that took so many seconds."""
        if len(self._streaks) >= FORMULAS and call not in self._streaks:
            self._streaks.clear()
        streak = self._streaks.get(call, 0)
        if seconds <= QUICK:
            self._streaks[call] = min(streak + 1, MEMORY)
        else:
            self._streaks[call] = streak // 2 if seconds < SLOW else 0

    def most(self, call: str) -> int:
        """Tells how many more calls to a formula may be taken with one of them."""
        return MOST if self._streaks.get(call, 0) >= STREAK else 0
