"""Finishes a run: deletes what it has not met, where the evidence suffices."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from packsys.syncmodel import Evidence, Mode, SyncClaim
from packsys.syncports import SyncFinishStore

log = logging.getLogger(__name__)

CHUNK = 10_000
"""Rows that one transaction of the finish takes on."""


@dataclass(frozen=True)
class FinishRun:
    """Finishes the run of a claim, in transactions of so many rows; one that is killed goes on where it was."""

    finish: SyncFinishStore
    chunk: int = CHUNK

    def __call__(self, claim: SyncClaim) -> None:
        """Deletes what may be deleted and ends the run, or has it wait for a person."""
        if claim.run.mode is not Mode.FULL or claim.run.approved is False:
            self.finish.conclude(claim, swept=False)
            return
        evidence = self.finish.evidence(claim)
        obstacle = _obstacle(claim, evidence)
        doubt = "" if claim.run.approved else _doubt(claim, evidence)
        if obstacle:
            log.info("finish.unswept", extra={"run": claim.run.id, "cause": obstacle})
            self.finish.conclude(claim, swept=False)
        elif doubt:
            self.finish.ask(claim, doubt)
        elif self.finish.accept(claim) and (not evidence.missing or self._sweep(claim)):
            self.finish.conclude(claim, swept=True)

    def _sweep(self, claim: SyncClaim) -> bool:
        while counts := self.finish.sweep(claim, limit=self.chunk):
            if counts.deleted + counts.missed == 0:
                return True
        return False


def _obstacle(claim: SyncClaim, evidence: Evidence) -> str:
    """Says why a missing row may yet be there; nothing where it may not."""
    if claim.run.incomplete:
        return "incomplete"
    return "nameless rejects" if evidence.nameless else ""


def _doubt(claim: SyncClaim, evidence: Evidence) -> str:
    """Says why a person must look before rows are deleted; nothing where nobody needs to."""
    guard, doomed, live = claim.table.guard, evidence.doomed, evidence.live
    many = doomed > max(guard.rows, guard.share * live)
    if not doomed or not (many or claim.run.counts.rows == 0):
        return ""
    return f"The run would delete {doomed} of {live} rows. Approve it if they are gone indeed."
