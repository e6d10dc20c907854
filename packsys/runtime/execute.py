"""Runs one step and keeps its outcome."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from packsys.errors import Actor, LimitReached, NotReady, PackError, PacksysError, RateLimited
from packsys.language.invocation import Invocation
from packsys.language.tables import TABLES
from packsys.model import Claim, PackFormula, PackVersion
from packsys.ports import Call, Dispatcher, Display, PackRunner, PackStore, StepStore, TableReader
from packsys.runtime.advance import SLICE, Advance, Turn
from packsys.runtime.flights import Flight, Flights
from packsys.runtime.heartbeat import Heartbeats
from packsys.runtime.patience import patiently
from packsys.runtime.retries import Retries
from packsys.runtime.surround import Surround
from packsys.runtime.tables import NoTables
from packsys.sdk.surroundings import Location
from packsys.turns import Settled
from packsys.values import ErrorValue, Origin


@dataclass(frozen=True, kw_only=True)
class Execute:
    """Claims a step, makes its call, commits the outcome under the claim, and goes on with what that made possible.

    Calling it twice is harmless: a step that is held or kept is left alone. ``heartbeats`` keep claims alive while
    pack code runs, ``display`` shows the calls that it goes on with, ``tables`` answers those that no pack does, and
    ``clock`` counts seconds.
    """

    steps: StepStore
    packs: PackStore
    runner: PackRunner
    surround: Surround
    flights: Flights
    dispatcher: Dispatcher
    retries: Retries
    advance: Advance
    heartbeats: Heartbeats
    display: Display
    tables: TableReader = NoTables()  # noqa: RUF009 - it holds nothing
    clock: Callable[[], float] = time.monotonic

    def __call__(self, job: str, key: str) -> None:
        """Runs the step if it is due and free, and then for a while the calls that follow from it, one by one."""
        until = self.clock() + SLICE
        claim = self.steps.claim(job, key, worker=self.advance.worker, lease=self.advance.lease)
        turn = self._turn(Turn(claim=claim), until) if claim else None
        while turn is not None:
            with self.display.show(turn.claim.step):
                turn = self._turn(turn, until)

    def _turn(self, turn: Turn, until: float) -> Turn | None:
        with self.heartbeats.holding(turn.claim):
            settled = self._work(turn.claim)
            if settled is None:
                return None
            # A result that cost a call is worth some patience with a database that is just starting again.
            return patiently(lambda: self.advance.after(settled, turn.standing, until=until), seconds=30, pause=0.2)

    def _work(self, claim: Claim) -> Settled | None:
        """Gives the outcome; None when the step was put off."""
        if claim.step.invocation.action and claim.tries > 1:
            return Settled(claim=claim, outcome=_unknown(claim))
        if claim.step.invocation.pack_id == TABLES:
            return self._read(claim)
        try:
            # A database that is just starting again is no fault of the call, and must not become its outcome.
            formula, call = patiently(lambda: self._call(claim), seconds=30, pause=0.2)
        except NotReady:
            raise  # the claim runs out, and another worker takes the step
        except PacksysError as error:
            return Settled(claim=claim, outcome=_error(error, claim))
        boarded = self.flights.board(claim, formula)
        return self._attempt(boarded, call) if isinstance(boarded, Flight) else boarded

    def _read(self, claim: Claim) -> Settled:
        """Asks a synced table, anew for each job."""
        ask = partial(self.tables.answer, claim.step.invocation.arguments, workspace=claim.workspace)
        try:
            return Settled(claim=claim, outcome=patiently(ask, seconds=30, pause=0.2))
        except NotReady:
            raise  # the claim runs out, and another worker takes the step
        except PacksysError as error:
            return Settled(claim=claim, outcome=_error(error, claim))

    def _attempt(self, flight: Flight, call: Call) -> Settled | None:
        try:
            with self.heartbeats.beside(flight.claim, flight.prolong):
                value = self.runner.run(call)
        except PacksysError as error:
            return self._make_do(flight) if flight.spare and error.retryable else self._fail(flight, error)
        flight.land(value)
        return Settled(claim=flight.claim, outcome=value)

    def _make_do(self, flight: Flight) -> Settled | None:
        flight.leave()
        return Settled(claim=flight.claim, outcome=flight.spare.value, cached=True) if flight.spare else None

    def _fail(self, flight: Flight, error: PacksysError) -> Settled | None:
        claim = flight.claim
        tried = not (isinstance(error, LimitReached) and error.untouched)
        delay = self.retries.delay(error, flight.formula, claim) if tried else self.retries.park(error, claim)
        cause = "rate_limit" if isinstance(error, RateLimited) else error.code
        if delay is None:
            flight.fail(failed := _error(error, claim))
            return Settled(claim=claim, outcome=failed)
        if self.steps.postpone(claim, delay=delay, cause=cause, tried=tried):
            flight.hold(delay)
            if delay <= self.retries.longest:
                self.dispatcher.again(claim.step, route=claim.route, delay=delay)
        return None

    def _call(self, claim: Claim) -> tuple[PackFormula, Call]:
        invocation = claim.step.invocation
        pack, formula = self._formula(invocation)
        return formula, Call(
            formula=formula,
            invocation=invocation,
            world=self.surround(
                pack,
                account=invocation.account,
                location=Location(source="action" if invocation.action else "formula", workspace=claim.workspace),
                timeout=min(formula.timeout, claim.seconds_left),
                timezone=claim.timezone,
                locale=claim.locale,
                idempotency_key=f"{claim.step.job}:{claim.step.key}",
                fresh=invocation.action or invocation.fresh,
                formula=invocation.formula,
            ),
        )

    def _formula(self, invocation: Invocation) -> tuple[PackVersion, PackFormula]:
        pack = self.packs.release(invocation.pack_id, invocation.version)
        if pack is None or invocation.formula not in pack.formulas:
            raise PackError(f"This worker does not have {invocation.name}: install the pack on every worker.")
        return pack, pack.formulas[invocation.formula]


def _error(error: PacksysError, claim: Claim) -> ErrorValue:
    invocation = claim.step.invocation
    return ErrorValue.of(error, Origin(invocation.start, invocation.end, invocation.name))


def _unknown(claim: Claim) -> ErrorValue:
    invocation = claim.step.invocation
    return ErrorValue(
        code="OutcomeUnknown",
        message=f"A worker died while {invocation.name} ran: look whether it took effect before you repeat it.",
        actor=Actor.AUTHOR,
        origin=Origin(invocation.start, invocation.end, invocation.name),
    )
