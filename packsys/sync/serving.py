"""Serves runs: takes what is due, does it, and sees that it goes on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from packsys.errors import LimitReached, NotFound, NotReady, PacksysError, RateLimited, WorkerLost
from packsys.runtime.heartbeat import Heartbeats
from packsys.runtime.retries import Retries
from packsys.sync.finishing import FinishRun
from packsys.sync.paging import Early, Kept, ReadPage
from packsys.sync.start import StartRun, ring
from packsys.syncmodel import Mode, Phase, SyncClaim, SyncRun
from packsys.syncports import SyncDispatcher, SyncWorkStore
from packsys.values import ErrorValue

log = logging.getLogger(__name__)

MOST_RACES = 10
"""Times that a worker looks for a due run when others are faster: each message has one page to read."""

LONGEST_WAIT = 86_400.0
"""Seconds for which a page is put off at most, whatever its service asks for."""


@dataclass(frozen=True, kw_only=True)
class ServeRuns:
    """Serves the run whose account has had the least, and goes on with its next pages until a time slice is over.

    Calling it twice is harmless: what is held or kept is left alone. ``worker`` names this process, ``lease`` is how
    many seconds it may be silent, ``heartbeats`` keep claims alive meanwhile, ``slice`` is for how many seconds it goes
    on without a trip through the broker. ``clock`` counts seconds, ``told`` is told of a run that has moved.
    """

    work: SyncWorkStore
    read: ReadPage
    finish: FinishRun
    start: StartRun
    heartbeats: Heartbeats[SyncClaim]
    dispatcher: SyncDispatcher
    retries: Retries
    worker: str
    lease: float
    slice: float = 2.0
    clock: Callable[[], float] = time.monotonic
    told: Callable[[str], None] = lambda run: None

    def __call__(self, run: str, page: int) -> None:
        """Serves a due run: the one that was rung for where no other's turn it is."""
        claim, begun = self._next(run, page), self.clock()
        table = claim.table.id if claim else ""
        early: Early | None = None
        while claim is not None:
            kept = self._do(claim, early, begun)
            self.told(claim.run.whole)
            claim, early = self._go_on(kept, begun), kept.early
        if table:
            self.work.serve(table, seconds=self.clock() - begun)

    def _next(self, run: str, page: int) -> SyncClaim | None:
        for _ in range(MOST_RACES):
            turn = self.work.turn()
            if turn is None:
                break
            if (claim := self._claim(*turn)) is not None:
                return claim
        return self._claim(run, page)

    def _claim(self, run: str, page: int) -> SyncClaim | None:
        return self.work.claim(run, page=page, worker=self.worker, lease=self.lease)

    def _go_on(self, kept: Kept, begun: float) -> SyncClaim | None:
        """Takes one of the runs that are due, while the time slice lasts, and rings for the others.

        Where another was faster, who came for something else, it is rung for that one too: there is a message for each.
        """
        mine = kept.due[0] if kept.due and kept.next is None and self._lasts(begun) else None
        claim = self._claim(mine.id, mine.page) if mine else None
        for run in kept.due[1:] if claim else kept.due:
            self._ring(run)
        return claim or kept.next

    def _lasts(self, begun: float) -> bool:
        return self.clock() - begun < self.slice

    def _ring(self, run: SyncRun) -> None:
        try:
            ring(self.dispatcher, run)
        except NotReady:  # the reconciler rings later, and what is taken need not wait for it
            log.warning("run.unrung", extra={"run": run.id, "page": run.page})

    def _do(self, claim: SyncClaim, early: Early | None, begun: float) -> Kept:
        """Gives how the run goes on, where it can at once."""
        try:
            self._refuse_killers(claim)
            with self.heartbeats.holding([claim]):
                if claim.run.phase is Phase.PAGES:
                    return self.read(claim, early, lease=self.lease if self._lasts(begun) else None)
                return Kept(due=self._finished(claim))
        except PacksysError as error:
            self._set_back(claim, error)
            return Kept()

    def _finished(self, claim: SyncClaim) -> Sequence[SyncRun]:
        self.finish(claim)
        if claim.run.mode is Mode.INCREMENTAL and claim.run.incomplete:
            return (self.start(claim.table.id, mode=Mode.FULL, trigger="incomplete"),)
        return ()

    def _set_back(self, claim: SyncClaim, error: PacksysError) -> None:
        tried = not (isinstance(error, LimitReached) and error.untouched)
        extra = {"run": claim.run.id, "page": claim.run.page, "code": error.code}
        if tried and (not error.retryable or claim.run.tries >= self._attempts(claim)):
            log.warning("run.failed", extra=extra)
            self.work.fail(claim, ErrorValue.of(error))
            return
        cause = "rate_limit" if isinstance(error, RateLimited) else error.code
        log.info("page.parked", extra={**extra, "cause": cause})
        self.work.park(claim, delay=self._delay(claim, error, tried=tried), cause=cause, tried=tried)

    def _delay(self, claim: SyncClaim, error: PacksysError, *, tried: bool) -> float:
        asked = error.retry_after or 0.0
        wait = max(asked, self.retries.backoff(claim.run.tries)) if tried else self.retries.spread(asked)
        return min(wait, LONGEST_WAIT)

    def _refuse_killers(self, claim: SyncClaim) -> None:
        """Ends a run whose page has taken every worker that tried it with it."""
        if claim.run.tries > self._attempts(claim):
            raise WorkerLost.after(claim.run.tries - 1)

    def _attempts(self, claim: SyncClaim) -> int:
        try:
            return self.read.ask.declared(claim.table).attempts
        except NotFound:
            return 1
