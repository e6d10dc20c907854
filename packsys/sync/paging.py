"""Reads one page: asks for it, checks its rows, and keeps them together with where to go on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from packsys.errors import ResultMismatch, TooManyRejects
from packsys.sdk import Page
from packsys.sdk.fitting import Misfit
from packsys.sync.asking import AskTable
from packsys.sync.schema import SchemaCheck
from packsys.sync.shaping import Shape
from packsys.syncmodel import Checked, PageRows, Phase, RunState, SyncClaim, SyncRun
from packsys.syncports import SyncWorkStore

log = logging.getLogger(__name__)

FEW_REJECTS = 100
"""Rows of a run that may be set aside whatever their share; more must be fewer than half of all."""


@dataclass(frozen=True, kw_only=True)
class ReadPage:
    """Reads the page of a claim. No transaction is open while the pack's code runs; ``clock`` counts seconds."""

    work: SyncWorkStore
    ask: AskTable
    shape: Shape
    check: SchemaCheck
    clock: Callable[[], float] = time.perf_counter

    def __call__(self, claim: SyncClaim) -> SyncRun | None:
        """Gives the run as it stands after the page, or None where the claim was lost meanwhile.

        Raises what the pack's code raises, and :class:`~packsys.errors.TooManyRejects` and
        :class:`~packsys.errors.EndlessPages`; nothing is kept then.
        """
        page = self.prepare(claim)
        begun = self.clock()
        counts = self.work.apply(claim, page)
        if counts is None:
            log.info("page.lost", extra={"run": claim.run.id, "page": claim.run.page})
            return None
        seconds = {**page.timings, "apply": self.clock() - begun}
        log.info("page.stored", extra={"run": claim.run.id, "page": claim.run.page, "seconds": seconds, **vars(counts)})
        return after(claim.run, page)

    def prepare(self, claim: SyncClaim) -> PageRows:
        """Asks for the page and checks its rows; keeps nothing."""
        begun = self.clock()
        shaped = self.shape(claim)
        page = self.ask.page(shaped)
        asked = self.clock()
        checked = self.check(shaped, page.rows)
        _refuse_nonsense(claim, checked)
        timings = {"fetch": round(asked - begun, 6), "check": round(self.clock() - asked, 6)}
        return PageRows(
            rows=checked.rows,
            rejects=checked.rejects,
            deleted=tuple(self._keys(shaped, page.deleted)),
            continuation=page.continuation,
            completion=page.completion,
            incomplete=page.incomplete,
            timings=timings,
        )

    def _keys(self, claim: SyncClaim, ids: Iterable[str | int]) -> Iterable[str]:
        checker = self.check.checker(claim.table)
        for each in ids:
            try:
                yield checker.key(each)
            except Misfit as misfit:
                raise ResultMismatch(
                    f"{claim.table.table} calls {each!r} deleted, which is no id: {misfit}"
                ) from misfit


def after(run: SyncRun, page: PageRows | Page) -> SyncRun:
    """Gives a run as it stands after a page was kept, as far as that decides what comes next."""
    phase = Phase.FINISH if page.continuation is None else Phase.PAGES
    return replace(run, page=run.page + 1, phase=phase, state=RunState.QUEUED, continuation=page.continuation)


def _refuse_nonsense(claim: SyncClaim, checked: Checked) -> None:
    counts = claim.run.counts
    rejected = counts.rejected + len(checked.rejects)
    rows = counts.rows + len(checked.rows) + len(checked.rejects)
    if rejected > FEW_REJECTS and 2 * rejected > rows:
        first = checked.rejects[0].reasons[0].message
        raise TooManyRejects(f"{rejected} of {rows} rows of {claim.table.table} do not fit its schema: {first}")
