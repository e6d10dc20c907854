"""Runs one step and keeps its outcome."""

from __future__ import annotations

from dataclasses import dataclass

from packsys.errors import Actor, LimitReached, PackError, PacksysError, RateLimited
from packsys.language.invocation import Invocation
from packsys.model import Claim, PackFormula, PackVersion
from packsys.ports import Call, Dispatcher, Kept, PackRunner, PackStore, StepStore
from packsys.runtime.flights import Flight, Flights
from packsys.runtime.heartbeat import Heartbeat
from packsys.runtime.retries import Retries
from packsys.runtime.surround import Surround
from packsys.sdk.surroundings import Location
from packsys.values import ErrorValue, Origin


@dataclass(frozen=True, kw_only=True)
class Execute:
    """Claims a step, makes its call, and commits the outcome under the claim.

    Calling it twice is harmless: a step that is held or kept is left alone. ``worker`` names this process in
    events, ``lease`` is how many seconds it may be silent.
    """

    steps: StepStore
    packs: PackStore
    runner: PackRunner
    surround: Surround
    flights: Flights
    dispatcher: Dispatcher
    retries: Retries
    worker: str
    lease: float

    def __call__(self, job: str, key: str) -> None:
        """Runs the step if it is due and free."""
        claim = self.steps.claim(job, key, worker=self.worker, lease=self.lease)
        if claim is not None:
            self._work(claim)

    def _work(self, claim: Claim) -> None:
        if claim.step.invocation.action and claim.tries > 1:
            self.steps.keep(claim, _unknown(claim))
            return
        try:
            formula, call = self._call(claim)
        except PacksysError as error:
            self.steps.keep(claim, _failed(error, claim))
            return
        flight = self.flights.board(claim, formula)
        if flight is not None:
            self._attempt(claim, flight, call)

    def _attempt(self, claim: Claim, flight: Flight, call: Call) -> None:
        try:
            with Heartbeat(self.steps, claim, lease=self.lease, also=flight.prolong):
                value = self.runner.run(call)
        except PacksysError as error:
            if flight.spare and error.retryable:
                self._make_do(claim, flight, flight.spare)
            else:
                self._fail(claim, flight, error)
        else:
            if self.steps.keep(claim, value):
                flight.land(value)

    def _make_do(self, claim: Claim, flight: Flight, spare: Kept) -> None:
        self.steps.keep(claim, spare.value, cached=True)
        flight.leave()

    def _fail(self, claim: Claim, flight: Flight, error: PacksysError) -> None:
        tried = not (isinstance(error, LimitReached) and error.untouched)
        delay = self.retries.delay(error, flight.formula, claim) if tried else self.retries.park(error, claim)
        cause = "rate_limit" if isinstance(error, RateLimited) else error.code
        if delay is None:
            if self.steps.keep(claim, failed := _failed(error, claim)):
                flight.fail(failed)
        elif self.steps.postpone(claim, delay=delay, cause=cause, tried=tried):
            flight.hold(delay)
            if delay <= self.retries.longest:
                self.dispatcher.again(claim.step, delay=delay)

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


def _failed(error: PacksysError, claim: Claim) -> ErrorValue:
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
