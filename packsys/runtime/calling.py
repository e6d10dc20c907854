"""Makes the call of one claim."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from packsys.errors import Actor, LimitReached, NotReady, PackError, PacksysError, RateLimited
from packsys.language.invocation import Invocation
from packsys.language.tables import TABLES
from packsys.model import Claim, PackFormula, PackVersion
from packsys.ports import Call, ClaimStore, Dispatcher, PackRunner, PackStore, TableReader
from packsys.runtime.admission import WAIT, Admission
from packsys.runtime.flights import Flight, Flights
from packsys.runtime.patience import PATIENCE, waiting
from packsys.runtime.retries import Retries
from packsys.runtime.sending import send_kept
from packsys.runtime.surround import Surround
from packsys.runtime.tables import NoTables
from packsys.sdk.surroundings import Location
from packsys.turns import Settled
from packsys.values import ErrorValue, Origin

Beside: TypeAlias = Callable[[Callable[[], None]], AbstractContextManager[None]]
"""Has something done from another thread from time to time, while the claim is renewed, until its block ends."""


@dataclass(frozen=True, kw_only=True)
class MakeCall:
    """Finds what a claimed step comes to: a kept result, another's flight, a table's answer, or the call itself.

    A claim is for ``lease`` seconds; ``tables`` answers the calls that no pack does, ``clock`` counts seconds.
    """

    claims: ClaimStore
    packs: PackStore
    runner: PackRunner
    surround: Surround
    flights: Flights
    admission: Admission
    dispatcher: Dispatcher
    retries: Retries
    lease: float
    tables: TableReader = NoTables()  # noqa: RUF009 - it holds nothing
    clock: Callable[[], float] = time.monotonic

    def __call__(self, claim: Claim, *, beside: Beside) -> Settled | None:
        """Gives the outcome; None when the step was put off, or the claim lost.

        Raises :class:`~packsys.errors.NotReady` where the claim is to run out, and another worker to take the step.
        """
        if claim.step.invocation.action and claim.tries > 1:
            self.flights.forget(claim)
            return Settled(claim=claim, outcome=_unknown(claim))
        if claim.step.invocation.pack_id == TABLES:
            return self._read(claim)
        try:
            prepared = self._prepared(claim)
        except NotReady:
            raise
        except PacksysError as error:
            return Settled(claim=claim, outcome=_error(error, claim))
        if prepared is None:
            return None
        pack, call = prepared
        boarded = self.flights.board(claim, pack, call.formula)
        return self._admitted(boarded, call, beside) if isinstance(boarded, Flight) else boarded

    def _prepared(self, claim: Claim) -> tuple[PackVersion, Call] | None:
        """Gives the call as soon as the servers answer that know of it; None when the claim was lost meanwhile.

        A database that is just starting again is no fault of the call, and must not become its outcome. For an action
        it is waited for as long as the job has time: nothing was sent, and nobody else could tell that.
        """
        begun, action = self.clock(), claim.step.invocation.action
        prepared = waiting(lambda: self._call(claim), claim.seconds_left if action else PATIENCE)
        if self.clock() - begun < self.lease:
            return prepared
        return prepared if waiting(lambda: self.claims.renew([claim], lease=self.lease)) else None

    def _admitted(self, flight: Flight, call: Call, beside: Beside) -> Settled | None:
        with self.admission.of(flight.claim) as admitted:
            if admitted:
                return self._attempt(flight, call, beside)
        flight.hold(WAIT)
        return None

    def _read(self, claim: Claim) -> Settled:
        """Asks a synced table, anew for each job."""
        ask = partial(self.tables.answer, claim.step.invocation.arguments, workspace=claim.workspace)
        try:
            return Settled(claim=claim, outcome=waiting(ask))
        except NotReady:
            raise
        except PacksysError as error:
            return Settled(claim=claim, outcome=_error(error, claim))

    def _attempt(self, flight: Flight, call: Call, beside: Beside) -> Settled | None:
        try:
            with beside(lambda: self._prolong(flight)):
                value = self.runner.run(call)
        except PacksysError as error:
            return self._make_do(flight) if flight.spare and error.retryable else self._fail(flight, error)
        flight.land(value)
        return Settled(claim=flight.claim, outcome=value)

    def _prolong(self, flight: Flight) -> None:
        flight.prolong()
        self.admission.prolong(flight.claim)

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
        if waiting(lambda: self.claims.postpone(claim, delay=delay, cause=cause, tried=tried)):
            flight.hold(delay)
            if delay <= self.retries.longest:
                again = partial(self.dispatcher.again, claim.step, route=claim.route, delay=delay)
                send_kept(again, jobs=[claim.step.job])
        return None

    def _call(self, claim: Claim) -> tuple[PackVersion, Call]:
        invocation = claim.step.invocation
        pack, formula = self._formula(invocation)
        return pack, Call(
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
