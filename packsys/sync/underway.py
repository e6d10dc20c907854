"""Tells whether what a slot is for is still under way."""

from __future__ import annotations

from dataclasses import dataclass

from packsys.scheduling.schedule import Slot
from packsys.syncports import SyncRunStore


@dataclass(frozen=True, kw_only=True)
class UnderWay:
    """Looks whether the last run of a sync table has ended; other things are never under way."""

    runs: SyncRunStore

    def __call__(self, slot: Slot) -> bool:
        """Tells it of the table that a slot is for."""
        return slot.kind == "sync" and any(not run.state.final for run in self.runs.of(slot.target, limit=1))
