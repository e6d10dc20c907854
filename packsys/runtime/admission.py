"""Lets calls begin while there is room for them, and parks the others."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from packsys.errors import NotReady
from packsys.limits.calls import CallLimits
from packsys.limits.demand import Pool
from packsys.model import Claim
from packsys.ports import CallSlots, ClaimStore, Dispatcher
from packsys.runtime.patience import waiting
from packsys.runtime.retries import Retries

log = logging.getLogger(__name__)

WAIT = 30.0
"""Seconds after which a step that waits for a slot comes back by itself, where nobody wakes it."""


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Lets as many calls of a workspace, and of a pack, run at once as the operator says.

    Who finds no slot is a parked step and no worker: it is woken, in its turn, when one is free. A slot is lent for
    ``lease`` seconds, and prolonged while its call runs, so that a dead worker's comes back.
    """

    limits: CallLimits
    slots: CallSlots
    claims: ClaimStore
    dispatcher: Dispatcher
    retries: Retries
    lease: float

    @contextmanager
    def of(self, claim: Claim) -> Iterator[bool]:
        """Tells whether a call may run until the block ends; where not, its step was parked."""
        if not (pools := self._pools(claim)):
            yield True
            return
        if not self._enter(claim, pools):
            yield False
            return
        try:
            yield True
        finally:
            self._wake(pools, self.slots.free(_place(claim), pools, lease=self.lease).woken)

    def prolong(self, claim: Claim) -> None:
        """Keeps the slots of a call that runs."""
        if pools := self._pools(claim):
            self._wake(pools, self.slots.take(_place(claim), pools, lease=self.lease).woken)

    def _pools(self, claim: Claim) -> Sequence[Pool]:
        return self.limits.pools(workspace=claim.workspace, pack=claim.step.invocation.pack_id)

    def _enter(self, claim: Claim, pools: Sequence[Pool]) -> bool:
        asked = self.slots.take(_place(claim), pools, lease=self.lease)
        self._wake(pools, asked.woken)
        if not asked.granted:
            self._park(claim, pools)
        return asked.granted

    def _park(self, claim: Claim, pools: Sequence[Pool]) -> None:
        # It joins those who wait only when it is parked: who is woken before that would not be woken.
        delay = self.retries.spread(WAIT)
        if waiting(lambda: self.claims.postpone(claim, delay=delay, cause="slots", tried=False)):
            place = _place(claim)
            joined = self.slots.wait(place, pools, lease=self.lease)
            self._wake(pools, [*joined.woken, *([place] if joined.granted else [])])

    def _wake(self, pools: Sequence[Pool], woken: Sequence[tuple[str, str]]) -> None:
        """Sends those for whom a slot is held; what is held for one that does not come goes to the next.

        Where the database is away they come back by themselves, and what is held for them with its lease.
        """
        try:
            while woken:
                roused = self.claims.rouse(woken)
                if roused:
                    self.dispatcher.rouse(roused)
                came = {(step.job, step.key) for step, _ in roused}
                absent = [place for place in woken if place not in came]
                woken = [each for place in absent for each in self._declined(place, pools)]
        except NotReady as error:
            log.warning("slots.unroused", extra={"steps": len(woken), "cause": error.message})

    def _declined(self, place: tuple[str, str], pools: Sequence[Pool]) -> Sequence[tuple[str, str]]:
        return self.slots.decline(place, pools, lease=self.lease).woken


def _place(claim: Claim) -> tuple[str, str]:
    return claim.step.job, claim.step.key
