"""What a limiter answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from packsys.limits.demand import SECOND


class Cause(StrEnum):
    """Names why a request must wait."""

    RATE = "rate"
    SLOTS = "slots"
    SERVICE = "service"
    RECOVERY = "recovery"


@dataclass(frozen=True, kw_only=True)
class Permit:
    """Is the right to send one request now. ``id`` names its slots, to be given back after the answer."""

    id: str = ""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Says that a request must wait ``seconds`` at least, and why.

    ``turn`` are seconds after which the caller may have better luck than all who were refused with it: whoever waits
    longer than a moment waits for them. ``limit`` and ``window`` are those of the rate that caused it.
    """

    seconds: float
    cause: Cause
    turn: float = 0.0
    limit: int = 0
    window: float = 0.0

    def sentence(self, service: str) -> str:
        """Says it to a person."""
        match self.cause:
            case Cause.RATE:
                return f"{service} may be asked {_times(self.limit)} in {_seconds(self.window)}, and that is used up."
            case Cause.SLOTS:
                return f"{service} may be asked {self.limit} things at once, and that many are under way."
            case Cause.SERVICE:
                return f"{service} asked for a pause."
        return f"{service} asked for a pause, and is asked slowly after it."


def refusal(wait: int, cause: Cause, *, turn: int = 0, limit: int = 0, window: int = 0) -> Refusal:
    """Makes a refusal of microseconds."""
    return Refusal(
        seconds=wait / SECOND, cause=cause, turn=max(wait, turn) / SECOND, limit=limit, window=window / SECOND
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _seconds(seconds: float) -> str:
    return "1 second" if seconds == 1 else f"{seconds:g} seconds"
