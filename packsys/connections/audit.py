"""Tells whether the history of a connection is whole."""

from __future__ import annotations

from collections.abc import Sequence

from packsys.model import AuditEntry


def intact(lines: Sequence[AuditEntry]) -> bool:
    """Tells whether no line was changed, taken out or put in; lines that were cut off at the end do not show."""
    previous = b""
    for number, line in enumerate(lines, start=1):
        if line.number != number or line.digest != line.chained(previous):
            return False
        previous = line.digest
    return True
