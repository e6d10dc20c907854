"""Finds what stands still and sends what is missing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from packsys.model import Stall
from packsys.ports import Dispatcher, StepStore, UpkeepStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Reconcile:
    """Brings every accepted job to its end, whatever the broker or a worker lost.

    ``grace`` is how many seconds work may stand still, ``attempts`` how often a step may lose its worker, ``repaired``
    is told the cause of each repair. ``backlog`` tells whether messages wait for workers: while some do, one that seems
    lost is perhaps among them, and is sent again ever more rarely; where none do it is lost. Any number of them may run
    at once.
    """

    upkeep: UpkeepStore
    steps: StepStore
    dispatcher: Dispatcher
    grace: float
    attempts: int
    backlog: Callable[[], bool] = lambda: True
    repaired: Callable[[str], None] = lambda cause: None

    def __call__(self) -> int:
        """Repairs what it finds and gives the number of repairs; each is logged with its cause."""
        expired = self.upkeep.expire()
        patient = self.backlog()
        stalls = [
            *self.upkeep.release(attempts=self.attempts),
            *self.upkeep.stalled(grace=self.grace, patient=patient),
        ]
        for job in expired:
            log.warning("job.repaired", extra={"job": job, "cause": "deadline"})
            self.repaired("deadline")
        for stall in stalls:
            self._send(stall)
        return len(expired) + len(stalls)

    def _send(self, stall: Stall) -> None:
        log.warning("job.repaired", extra={"job": stall.job, "cause": stall.cause, "steps": len(stall.steps)})
        self.repaired(stall.cause)
        if stall.steps:
            self._again(stall)
        else:
            self.dispatcher.advance(stall.job, route=stall.route)

    def _again(self, stall: Stall) -> None:
        for step in self.steps.of(stall.job):
            if step.key in stall.steps:
                self.dispatcher.again(step, route=stall.route)
