"""Reads one page: asks for it, checks its rows, and keeps them together with where to go on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol, TypeVar

from packsys.errors import ResultMismatch, TooManyRejects
from packsys.runtime.threads import Threads
from packsys.sdk import Page
from packsys.sdk.fitting import Misfit
from packsys.sync.asking import AskTable
from packsys.sync.schema import SchemaCheck
from packsys.sync.shaping import Shape
from packsys.syncmodel import PageRows, SyncClaim, SyncRun, after
from packsys.syncports import SyncWorkStore

_Done = TypeVar("_Done")

log = logging.getLogger(__name__)

FEW_REJECTS = 100
"""Rows of a run that may be set aside whatever their share; more must be fewer than half of all."""

WAY, LONGEST_WAY = 0.1, 0.003
"""Part of the time that a page took for which its check gives way to whoever asks for the next one; seconds at most.

Python lets a thread that computes keep the others waiting for 5 ms. Where a check begins at once, that is added to each
page of a service that takes its time: a sixth, measured at 20 ms. Who answers quickly is not waited for.
"""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Is a page as it came for a claim, and what gives its rows once they are checked."""

    page: Page
    rows: Callable[[], PageRows]


class Ahead(Protocol):
    """Begins some work, and gives what waits for its end: it gives the result, or raises what the work raised."""

    def __call__(self, work: Callable[[], _Done], /) -> Callable[[], _Done]:
        """Begins the work."""


def when_asked(work: Callable[[], _Done]) -> Callable[[], _Done]:
    """Does some work when its result is asked for."""
    return work


@dataclass(frozen=True, kw_only=True)
class Early:
    """Is a page that is asked for while the one before it is checked and kept.

    ``claim`` is how the run stands if that succeeds.
    """

    claim: SyncClaim
    asked: Callable[[], Asked]

    def suits(self, claim: SyncClaim) -> bool:
        """Tells whether it is the page of a claim: of the same table as it was, read from the same place."""
        mine, run = self.claim.run, claim.run
        places = [(each.id, each.phase, each.page, each.continuation) for each in (mine, run)]
        return places[0] == places[1] and self.claim.table == claim.table


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Is how a run goes on after a page: with a claim, and its page where that is under way, and with what is due."""

    next: SyncClaim | None = None
    due: Sequence[SyncRun] = ()
    early: Early | None = None


@dataclass(frozen=True, kw_only=True)
class ReadPage:
    """Reads the page of a claim. No transaction is open while the pack's code runs; ``clock`` counts seconds.

    Where the next page is asked for as well, that is done ``ahead``, as soon as it is known where it begins: while the
    service makes it, this one's rows are checked and kept. Its own rows are checked as soon as they are there, and the
    page behind it had a moment to be asked for: ``sleep`` waits for so many seconds.
    """

    work: SyncWorkStore
    ask: AskTable
    shape: Shape
    check: SchemaCheck
    ahead: Ahead = field(default_factory=Threads)
    clock: Callable[[], float] = time.perf_counter
    sleep: Callable[[float], None] = time.sleep

    def __call__(self, claim: SyncClaim, early: Early | None = None, *, lease: float | None = None) -> Kept:
        """Keeps the page of a claim, perhaps one asked for ``early``; with a ``lease`` the next one is taken, too.

        Raises what the pack's code raises, and :class:`~packsys.errors.TooManyRejects` and
        :class:`~packsys.errors.EndlessPages`; nothing is kept then.
        """
        asked = early.asked() if early and early.suits(claim) else self._asked(claim)
        # The first page of a run may have given the table another schema, which a new claim brings along.
        lease = None if claim.run.page == 0 and not claim.run.partition else lease
        next_page = None if lease is None else self._begun(claim, asked.page)
        page = asked.rows()
        _refuse_nonsense(claim, page)
        begun = self.clock()
        stored = self.work.apply(claim, page, lease=lease)
        place = {"run": claim.run.id, "page": claim.run.page}
        if stored is None:
            log.info("page.lost", extra=place)
            return Kept()
        seconds = {**page.timings, "apply": self.clock() - begun}
        log.info("page.stored", extra={**place, "seconds": seconds, **vars(stored.counts)})
        return Kept(next=stored.next, due=stored.due, early=next_page)

    def prepare(self, claim: SyncClaim) -> PageRows:
        """Asks for the page and checks its rows; keeps nothing."""
        return self._asked(claim).rows()

    def _begun(self, claim: SyncClaim, page: Page) -> Early | None:
        # A page that kills its worker must do so under its own claim, which counts how often: after a loss each page
        # is read by itself.
        if page.continuation is None or claim.run.tries > 1:
            return None
        expected = replace(claim, run=after(claim.run, page.continuation))
        return Early(claim=expected, asked=self.ahead(partial(self._asked, expected, check=self.ahead)))

    def _asked(self, claim: SyncClaim, *, check: Ahead = when_asked) -> Asked:
        begun = self.clock()
        shaped = self.shape(claim)
        page = self.ask.page(shaped)
        seconds = self.clock() - begun
        return Asked(page=page, rows=check(lambda: self._checked(shaped, page, seconds)))

    def _checked(self, claim: SyncClaim, page: Page, seconds: float) -> PageRows:
        self.sleep(min(WAY * seconds, LONGEST_WAY))
        begun = self.clock()
        checked = self.check(claim, page.rows)
        timings = {"fetch": round(seconds, 6), "check": round(self.clock() - begun, 6)}
        return PageRows(
            rows=checked.rows,
            rejects=checked.rejects,
            deleted=tuple(self._keys(claim, page.deleted)),
            continuation=page.continuation,
            completion=page.completion,
            incomplete=page.incomplete,
            partitions=page.partitions,
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


def _refuse_nonsense(claim: SyncClaim, page: PageRows) -> None:
    counts = claim.run.counts
    rejected = counts.rejected + len(page.rejects)
    rows = counts.rows + len(page.rows) + len(page.rejects)
    if rejected > FEW_REJECTS and 2 * rejected > rows:
        first = page.rejects[0].reasons[0].message
        raise TooManyRejects(f"{rejected} of {rows} rows of {claim.table.table} do not fit its schema: {first}")
