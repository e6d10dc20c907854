"""Shows what a run would change, without changing it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from packsys.sdk.tables import Course
from packsys.sync.paging import ReadPage
from packsys.syncmodel import Counts, Mode, NewRow, PageRows, Reject, SyncClaim, SyncRun, after
from packsys.syncports import RowStore, SyncTableStore


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """Is what a preview found: the counts, the rows that came, those that were rejected, and whether that was all."""

    counts: Counts
    rows: tuple[NewRow, ...]
    rejects: tuple[Reject, ...]
    pages: int
    complete: bool


@dataclass(frozen=True, kw_only=True)
class PreviewRun:
    """Reads some pages of a table as a run would, keeps them, and takes it back. What is gone is not looked for."""

    tables: SyncTableStore
    rows: RowStore
    read: ReadPage
    now: Callable[[], datetime]

    def __call__(self, table: str, *, workspace: str, mode: Mode = Mode.FULL, pages: int = 1) -> Rehearsed:
        """Raises what reading a page raises, and :class:`~packsys.errors.NotFound`."""
        found = self.tables.get(table, workspace=workspace)
        previous = found.completion if mode is Mode.INCREMENTAL else None
        run = SyncRun(id=f"preview:{table}", table=table, workspace=workspace, mode=mode, previous=previous)
        claim = SyncClaim(run=replace(run, started_at=self.now()), table=found)
        came, complete = self._read(claim, pages)
        whole = PageRows(
            rows=[row for page in came for row in page.rows],
            rejects=[reject for page in came for reject in page.rejects],
            deleted=[key for page in came for key in page.deleted],
        )
        return Rehearsed(
            counts=self.rows.rehearse(table, whole),
            rows=tuple(whole.rows),
            rejects=tuple(whole.rejects),
            pages=len(came),
            complete=complete,
        )

    def _read(self, claim: SyncClaim, budget: int) -> tuple[Sequence[PageRows], bool]:
        """Gives some pages, those of partitions after the run's own, and whether these are all."""
        course, came = Course(), list[PageRows]()
        for _ in range(max(budget, 1)):
            came.append(self.read.prepare(claim))
            following = course.after(came[-1].continuation, came[-1].partitions)
            if following is None:
                return came, True
            claim = replace(claim, run=after(claim.run, following))
        return came, False
