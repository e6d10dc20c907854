"""Counts what happens to sync runs and their pages, where it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from packsys.metrics.declared import SYNC_PAGES, SYNC_ROWS, SYNC_RUNS, SYNC_WAITS
from packsys.metrics.measure import Measure
from packsys.ports import Series
from packsys.syncmodel import Counts, Evidence, PageRows, Stored, SyncClaim
from packsys.syncports import SyncFinishStore, SyncWorkStore
from packsys.values import ErrorValue


@dataclass(frozen=True, kw_only=True)
class CountingSyncWork:
    """Keeps pages as another store does, and counts them."""

    work: SyncWorkStore
    measure: Measure

    def claim(self, run: str, *, page: int, worker: str, lease: float) -> SyncClaim | None:
        """Takes a due page, or the finish."""
        return self.work.claim(run, page=page, worker=worker, lease=lease)

    def turn(self) -> tuple[str, int] | None:
        """Names the due run whose turn it is."""
        return self.work.turn()

    def serve(self, table: str, *, seconds: float) -> None:
        """Counts seconds of a worker that a table's account has had."""
        self.work.serve(table, seconds=seconds)

    def renew(self, claims: Sequence[SyncClaim], *, lease: float) -> Sequence[SyncClaim]:
        """Holds claims for longer."""
        return self.work.renew(claims, lease=lease)

    def apply(self, claim: SyncClaim, page: PageRows, *, lease: float | None = None) -> Stored | None:
        """Keeps a page's rows and where to go on."""
        stored = self.work.apply(claim, page, lease=lease)
        fates = _fates(stored.counts if stored else None)
        self.measure.add({Series(SYNC_PAGES.name, ("lost" if stored is None else "kept",)): 1.0, **fates})
        return stored

    def park(self, claim: SyncClaim, *, delay: float, cause: str, tried: bool = True) -> bool:
        """Gives a claim back, to be due in ``delay`` seconds."""
        parked = self.work.park(claim, delay=delay, cause=cause, tried=tried)
        if parked:
            self.measure.add({Series(SYNC_PAGES.name, ("parked",)): 1.0, Series(SYNC_WAITS.name, (cause,)): delay})
        return parked

    def fail(self, claim: SyncClaim, error: ErrorValue) -> bool:
        """Ends a run as failed."""
        failed = self.work.fail(claim, error)
        if failed:
            self.measure.add({Series(SYNC_PAGES.name, ("failed",)): 1.0, Series(SYNC_RUNS.name, ("failed",)): 1.0})
        return failed


@dataclass(frozen=True, kw_only=True)
class CountingSyncFinish:
    """Finishes runs as another store does, and counts them."""

    finish: SyncFinishStore
    measure: Measure

    def evidence(self, claim: SyncClaim) -> Evidence:
        """Counts what the run has not met."""
        return self.finish.evidence(claim)

    def sweep(self, claim: SyncClaim, *, limit: int) -> Counts | None:
        """Deletes, or gives a strike to, rows that the run has not met."""
        counts = self.finish.sweep(claim, limit=limit)
        if fates := _fates(counts):
            self.measure.add(fates)
        return counts

    def ask(self, claim: SyncClaim, cause: str) -> bool:
        """Has the run wait for a person's approval."""
        asked = self.finish.ask(claim, cause)
        if asked:
            self.measure.count(SYNC_RUNS, "needs_approval")
        return asked

    def accept(self, claim: SyncClaim) -> bool:
        """Writes down that the evidence suffices."""
        return self.finish.accept(claim)

    def conclude(self, claim: SyncClaim, *, swept: bool) -> bool:
        """Ends a run as succeeded."""
        ended = self.finish.conclude(claim, swept=swept)
        if ended:
            self.measure.count(SYNC_RUNS, "succeeded")
        return ended


def _fates(counts: Counts | None) -> dict[Series, float]:
    if counts is None:
        return {}
    came = {field.name: float(getattr(counts, field.name)) for field in fields(counts) if field.name != "rows"}
    return {Series(SYNC_ROWS.name, (fate,)): number for fate, number in came.items() if number}
