"""Decides whether and when a failed call is tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from packsys.errors import PacksysError
from packsys.model import Claim, PackFormula

_SPREAD = 0.1
"""Part of a wait over which those who are put off together come back."""


@dataclass(frozen=True, kw_only=True)
class Retries:
    """Waits exponentially longer, with jitter, and never less than the service asks for.

    ``first`` and ``longest`` are seconds. Jitter of half the wait spreads the clients of a service that comes back
    (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015). ``random`` gives numbers in [0, 1).
    """

    random: Callable[[], float]
    first: float = 1.0
    longest: float = 60.0

    def delay(self, error: PacksysError, formula: PackFormula, claim: Claim) -> float | None:
        """Gives the seconds to wait before the next attempt, or None when there must be none.

        Actions are never repeated; neither is a call that could not end before the job's deadline.
        """
        if not error.retryable or formula.signature.action or claim.tries >= formula.attempts:
            return None
        wait = self.backoff(claim.tries)
        if error.retry_after is not None:
            wait = max(wait, error.retry_after)
        return wait if wait < claim.seconds_left else None

    def park(self, error: PacksysError, claim: Claim) -> float | None:
        """Gives the seconds for which a call that was not begun is put off, or None when its deadline comes before.

        Any call may be put off so, an action too, and however often: nothing was done that could be done twice.
        """
        wait = self.spread(error.retry_after or 0.0)
        return wait if wait < claim.seconds_left else None

    def spread(self, wait: float) -> float:
        """Gives a wait that is a little longer, so that those who wait for the same do not come back together."""
        return float(wait * (1 + _SPREAD * self.random()))

    def backoff(self, attempt: int) -> float:
        """Gives the seconds to wait after an attempt, however much time there is."""
        ceiling = min(self.longest, self.first * 2.0 ** (attempt - 1))
        return float(ceiling * (0.5 + 0.5 * self.random()))
