"""Makes equal calls once: one leads, the others are given what it brings."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from packsys.errors import NotReady
from packsys.model import Claim, PackFormula, PackVersion
from packsys.ports import (
    Asked,
    ClaimStore,
    Dispatcher,
    FlightDesk,
    Handed,
    Kept,
    LastingResults,
    Lead,
    ResultCache,
    Wait,
)
from packsys.runtime.nearby import Nearby
from packsys.runtime.patience import patiently
from packsys.runtime.recall import changed_tag, kept_under, tags_of
from packsys.runtime.tally import Counted, Tally
from packsys.turns import Settled
from packsys.values import ErrorValue, Origin, Value

log = logging.getLogger(__name__)

LASTING = 3600.0
"""Formulas whose results may be used again for longer than so many seconds have them kept in the database too."""

LONGEST_HOLD = 60.0
"""Seconds for which a step that waits for its next attempt goes on leading at most; then another may try."""

FORGETTING = 2.0
"""Seconds for which an action's outcome waits for a cache server that is to forget what was read before it."""

_SPREAD = 0.1
"""Part of a wait over which those who wait together come back, where nobody wakes them."""


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """Is a result that may be there: its name and tags, and whether this process may have it too."""

    name: str
    tags: tuple[str, ...]
    near: bool


@dataclass(frozen=True, kw_only=True)
class Flights:
    """Lets one of all steps that ask for the same call make it, whatever their jobs and workers.

    Who waits is a parked step, and no worker: it is woken when the one who leads has landed, and comes back by itself
    when that one's time is over. ``lease`` is how many seconds a leader may be silent; ``random`` gives numbers in
    [0, 1), ``monotonic`` seconds.
    """

    desk: FlightDesk
    cache: ResultCache
    nearby: Nearby
    lasting: LastingResults
    claims: ClaimStore
    dispatcher: Dispatcher
    tally: Tally
    random: Callable[[], float]
    lease: float
    monotonic: Callable[[], float] = time.monotonic

    def board(self, claim: Claim, pack: PackVersion, formula: PackFormula) -> Flight | Settled | None:
        """Gives the flight of a call that this claim is to make, or the outcome where there is one.

        None when another makes the call, and the step was parked. Nothing of a pack with actions is kept nearby: the
        processes that do so learn of an action too late.
        """
        if not shareable(formula, claim):
            return Flight(flights=self, claim=claim, formula=formula, lasts=formula.signature.action and _lasts(pack))
        asked, nearby = _asked(claim), not pack.acts
        if nearby and (near := self.nearby.get(asked.name)) is not None:
            return self._answered(claim, near[0], Counted.NEAR_HITS)
        match self.desk.ask(asked, lease=self.lease, early=self._early()):
            case Kept() as kept:
                self._near(asked.name, kept, nearby)
                how = Counted.SHARED_HITS if kept.fresh_for > 0 else Counted.STALE_HITS
                return self._answered(claim, kept.value, how)
            case Handed(outcome):
                return self._answered(claim, _own(outcome, claim), Counted.HANDED)
            case Wait(seconds):
                self._park(claim, asked, seconds)
            case Lead() as lead:
                return self._lead(claim, formula, asked, lead)
        return None

    def known(self, lookups: Sequence[Lookup]) -> Sequence[tuple[Value] | None]:
        """Finds results that need no step to answer, each in a tuple; the server is asked once for all of them.

        What is about to end is left to a step to renew.
        """
        near = [self.nearby.get(each.name) if each.near else None for each in lookups]
        kept = self.cache.get_many(
            {each.name: each.tags for each, found in zip(lookups, near, strict=True) if not found}
        )
        shared = {name: each for name, each in kept.items() if each.fresh_for > each.cost * self._early()}
        found = [known or self._shared(shared, each) for known, each in zip(near, lookups, strict=True)]
        self._count_known(len(lookups) - near.count(None), len(lookups) - found.count(None))
        return found

    def _shared(self, kept: Mapping[str, Kept], lookup: Lookup) -> tuple[Value] | None:
        if (found := kept.get(lookup.name)) is None:
            return None
        self._near(lookup.name, found, lookup.near)
        return (found.value,)

    def _count_known(self, near: int, found: int) -> None:
        if near:
            self.tally.add(Counted.NEAR_HITS, number=near)
        if found > near:
            self.tally.add(Counted.SHARED_HITS, Counted.NEAR_MISSES, number=found - near)

    def forget(self, claim: Claim, *, lasting: bool = True) -> None:
        """Forgets what was read before an action, for all jobs: after its effect, and before its outcome is told.

        Without ``lasting`` the pack has no results that the database keeps. A cache server that stays away finds
        nothing for anybody; the outcome is told without it, and what it holds when it is back ends with its time.
        """
        call = claim.step.invocation
        tags = [changed_tag(claim.workspace, pack=call.pack_id, account=call.account)]
        try:
            if lasting:
                patiently(lambda: self.lasting.forget(tags), seconds=FORGETTING, pause=0.1)
            patiently(lambda: self.cache.forget(tags), seconds=FORGETTING, pause=0.1)
        except NotReady as error:
            log.warning("cache.unforgotten", extra={"tags": tags, "cause": error.message})

    def _lead(self, claim: Claim, formula: PackFormula, asked: Asked, lead: Lead) -> Flight | Settled:
        lasting = formula.cache_ttl > LASTING
        found, mark = self.lasting.look(asked.name, tags=asked.tags) if lasting else (None, None)
        flight = Flight(
            flights=self, claim=claim, formula=formula, asked=asked, lead=lead, mark=mark, begun=self.monotonic()
        )
        if found is None or lead.kept:
            self._count_lead(lead, lasting=lasting)
            return flight
        flight.pass_on(found)
        return self._answered(claim, found.value, Counted.LASTING_HITS)

    def _count_lead(self, lead: Lead, *, lasting: bool) -> None:
        how = Counted.REFRESHES if lead.kept else Counted.MISSES
        self.tally.add(how, Counted.NEAR_MISSES, Counted.LED if lead.stamp else Counted.ALONE)
        if lasting and lead.kept is None:
            self.tally.add(Counted.LASTING_MISSES)

    def _answered(self, claim: Claim, outcome: Value, how: Counted) -> Settled:
        self.tally.add(how, *(() if how is Counted.NEAR_HITS else (Counted.NEAR_MISSES,)))
        return Settled(claim=claim, outcome=outcome, cached=True)

    def _park(self, claim: Claim, asked: Asked, seconds: float) -> None:
        # Noted only when it is parked: who lands before that would wake a step that is not asleep yet, in vain.
        self.tally.add(Counted.JOINED, Counted.NEAR_MISSES)
        delay = seconds + self.lease * _SPREAD * self.random()
        if self.claims.postpone(claim, delay=delay, cause="in_flight", tried=False) and not self.desk.join(asked):
            self.rouse([asked.step])

    def rouse(self, places: Sequence[tuple[str, str]]) -> bool:
        """Wakes steps that waited for a flight, and tells whether there were any.

        Those that cannot be woken now come back by themselves.
        """
        try:
            roused = self.claims.rouse(places) if places else ()
            if roused:
                self.dispatcher.rouse(roused)
        except NotReady as error:
            log.warning("flight.unroused", extra={"steps": len(places), "cause": error.message})
            return True
        return bool(roused)

    def keep_for_long(self, asked: Asked, value: Value, *, mark: int, ttl: float) -> None:
        """Keeps a value in the database, if it can."""
        try:
            self.lasting.put(asked.name, value, tags=asked.tags, stamp=mark, ttl=ttl)
        except NotReady as error:
            log.warning("cache.unlasting", extra={"cause": error.message})

    def _near(self, name: str, kept: Kept, near: bool) -> None:
        if near and (evicted := self.nearby.put(name, kept.value, fresh_for=kept.fresh_for)):
            self.tally.add(Counted.NEAR_EVICTIONS, number=evicted)

    def _early(self) -> float:
        # Vattani, Chierichetti, Lowenstein: "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015: with beta 1.
        return -math.log(1.0 - self.random())


@dataclass(frozen=True, kw_only=True)
class Flight:
    """Is a call that one step makes: for all who ask meanwhile, or for itself where there is nothing ``asked``.

    An outcome is handed on before the step commits it: it is the call's, whoever holds the claim by then. ``mark`` is
    the state of the tags in the database. ``lasts`` tells of an action that the database keeps results of its pack.
    """

    flights: Flights
    claim: Claim
    formula: PackFormula
    asked: Asked | None = None
    lead: Lead = field(default_factory=Lead)
    mark: int | None = None
    begun: float = 0.0
    lasts: bool = False

    @property
    def spare(self) -> Kept | None:
        """Gives what answers when the call fails for a time: it was to be made anew before its time was over."""
        return self.lead.kept

    def prolong(self) -> None:
        """Goes on leading."""
        if self.asked:
            self.flights.desk.prolong(self.asked, lease=self.flights.lease)

    def hold(self, delay: float) -> None:
        """Goes on leading until the next attempt; not for longer than ``LONGEST_HOLD``, when that is far."""
        if self.asked:
            self.flights.desk.prolong(self.asked, lease=min(delay, LONGEST_HOLD) + self.flights.lease)

    def leave(self) -> None:
        """Lets another make the call: the first of those who wait whose job still wants it."""
        while self.asked and (place := self.flights.desk.leave(self.asked)):
            if self.flights.rouse([place]):
                return

    def land(self, value: Value) -> None:
        """Keeps a value, and gives it to those who waited; after an action, forgets what was read before it."""
        if self.asked is None:
            self._changed()
            return
        cost = self.flights.monotonic() - self.begun
        self._land(value, ttl=self.formula.cache_ttl, stale=self.formula.cache_stale, cost=cost)
        if self.mark is not None:
            self.flights.keep_for_long(self.asked, value, mark=self.mark, ttl=self.formula.cache_ttl)

    def pass_on(self, found: Kept) -> None:
        """Gives what the database kept to those who waited, and keeps it where it is found sooner."""
        self._land(found.value, ttl=found.fresh_for, stale=self.formula.cache_stale)

    def fail(self, error: ErrorValue) -> None:
        """Gives an error to those who waited, unless it is one of this step alone: a time that it did not have.

        An action that failed may have changed something all the same.
        """
        self._changed()
        hurried = self.claim.tries < self.formula.attempts or self.claim.seconds_left < self.formula.timeout
        if error.retryable and hurried:
            self.leave()
        else:
            self._land(error)

    def _changed(self) -> None:
        if self.formula.signature.action:
            self.flights.forget(self.claim, lasting=self.lasts)

    def _land(self, outcome: Value, *, ttl: float = 0.0, stale: float = 0.0, cost: float = 0.0) -> None:
        if self.asked:
            desk, stamp = self.flights.desk, self.lead.stamp
            self.flights.rouse(desk.land(self.asked, outcome, stamp=stamp, ttl=ttl, stale=stale, cost=cost))


def shareable(formula: PackFormula, claim: Claim) -> bool:
    """Tells whether the result of a call may answer equal ones.

    An action never does. What is read after an action on the same account must show what the action did. A formula
    whose results may be used again for 0 seconds says that each asking wants what is true then.
    """
    return formula.cache_ttl > 0 and not formula.signature.action and not claim.step.invocation.fresh


def _lasts(pack: PackVersion) -> bool:
    return any(formula.cache_ttl > LASTING for formula in pack.formulas.values())


def _asked(claim: Claim) -> Asked:
    call = claim.step.invocation
    return Asked(
        name=kept_under(claim.workspace, claim.step.key, timezone=claim.timezone, locale=claim.locale),
        tags=tags_of(
            claim.workspace, pack=call.pack_id, version=call.version, formula=call.formula, account=call.account
        ),
        step=(claim.step.job, claim.step.key),
    )


def _own(outcome: Value, claim: Claim) -> Value:
    if not isinstance(outcome, ErrorValue):
        return outcome
    call = claim.step.invocation
    return replace(outcome, origin=Origin(call.start, call.end, call.name))
