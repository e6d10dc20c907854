"""The third thing that an expression can be, beside a value and an error: blocked."""

from __future__ import annotations

from enum import Enum
from typing import Final, TypeAlias

from packsys.values import ErrorValue, Value


class Blocked(Enum):
    """Has one member, the outcome of an expression that waits for a call."""

    BLOCKED = "blocked"


BLOCKED: Final = Blocked.BLOCKED

Outcome: TypeAlias = Value | Blocked
"""What an expression gives in one pass."""


UNDECIDED: Final = (Blocked, ErrorValue)
"""What there is nothing to reckon with."""
