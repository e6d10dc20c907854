"""Finds runs of sync tables that stand still, and rings for them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from packsys.sync.start import ring
from packsys.syncports import SyncDispatcher, SyncUpkeepStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ReconcileRuns:
    """Brings every run to its end, whatever the broker or a worker lost, and wakes those that were parked.

    ``grace`` is how many seconds a run may stand still, ``attempts`` how often a page may lose its worker,
    ``repaired`` is told the cause of each repair. Any number of them may run at once.
    """

    upkeep: SyncUpkeepStore
    dispatcher: SyncDispatcher
    grace: float
    attempts: int
    repaired: Callable[[str], None] = lambda cause: None

    def __call__(self) -> int:
        """Rings for what it finds and counts it; each repair is logged with its cause."""
        stalls = [*self.upkeep.release(attempts=self.attempts), *self.upkeep.unsent(grace=self.grace)]
        for stall in stalls:
            parked = stall.cause.startswith("parked.")
            extra = {"run": stall.run.id, "page": stall.run.page, "cause": stall.cause}
            log.log(
                logging.DEBUG if parked else logging.WARNING, "run.woken" if parked else "run.repaired", extra=extra
            )
            if not parked:
                self.repaired(stall.cause)
            ring(self.dispatcher, stall.run)
        return len(stalls)
