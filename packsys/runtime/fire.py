"""Fires what is due, once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from packsys.scheduling.ports import SlotStore
from packsys.scheduling.schedule import Cause, Fate, Slot

log = logging.getLogger(__name__)

BATCH = 50


@dataclass(frozen=True, kw_only=True)
class Fire:
    """Sends each slot once; any number of processes may do so at once.

    ``ring`` sends the message of a slot, whose ``task_id`` is always the same; ``busy`` tells whether what a slot is
    for is still under way.
    """

    slots: SlotStore
    ring: Callable[[Slot], None]
    busy: Callable[[Slot], bool]

    def __call__(self) -> float | None:
        """Fires what is due, and gives the seconds until there is more to do; None while nothing is to come.

        Raises :class:`~packsys.errors.NotReady` while a server is away: slots stay open until it is back.
        """
        while self.slots.open(limit=BATCH) == BATCH:
            pass
        while self.slots.settle(self._decide, limit=BATCH) == BATCH:
            pass
        return self.slots.wait()

    def _decide(self, slot: Slot) -> Fate:
        if self.busy(slot):
            # The next slot of a rhythm comes by itself, but nobody repeats what was asked for by hand or by a table.
            fate = Fate.SKIPPED if slot.cause is Cause.TIME else Fate.LATER
        else:
            self.ring(slot)
            fate = Fate.SENT
        _tell(slot, fate)
        return fate


def _tell(slot: Slot, fate: Fate) -> None:
    extra = {"schedule": slot.schedule, "due": slot.due.isoformat(), "cause": slot.cause, "target": slot.target}
    log.debug(f"slot.{fate}", extra=extra)
