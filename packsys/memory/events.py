"""The twin of events."""

from __future__ import annotations

from collections.abc import Sequence

from packsys.memory.ledger import Ledger
from packsys.model import Event


class MemoryEvents:
    """Reads the events of a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        """Takes the ledger."""
        self._ledger = ledger

    def since(self, job: str, number: int) -> Sequence[Event]:
        """Lists a job's events after the given number, oldest first."""
        with self._ledger.open() as files:
            return tuple(event for event in files[job].events if event.number > number) if job in files else ()
