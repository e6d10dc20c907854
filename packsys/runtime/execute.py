"""Runs one step and keeps its outcome."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from packsys.errors import Actor, LimitReached, NotReady, PackError, PacksysError, RateLimited
from packsys.language.invocation import Invocation
from packsys.language.tables import TABLES
from packsys.model import Claim, PackFormula, PackVersion
from packsys.ports import Call, Dispatcher, Display, PackRunner, PackStore, StepStore, TableReader
from packsys.runtime.admission import WAIT, Admission
from packsys.runtime.advance import SLICE, Advance
from packsys.runtime.flights import Flight, Flights
from packsys.runtime.heartbeat import Heartbeats
from packsys.runtime.paces import Paces
from packsys.runtime.patience import patiently
from packsys.runtime.retries import Retries
from packsys.runtime.surround import Surround
from packsys.runtime.tables import NoTables
from packsys.sdk.surroundings import Location
from packsys.turns import Claimed, Settled
from packsys.values import ErrorValue, Origin

LINGER = 0.01
"""Seconds for which an outcome waits for those of the calls that were taken with it."""

PATIENCE = 30.0
"""Seconds for which a worker waits for a database that is away, before it leaves its claim to run out."""

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Execute:
    """Claims a step, makes its call, commits the outcome under the claim, and goes on with what that made possible.

    Calling it twice is harmless: a step that is held or kept is left alone. ``heartbeats`` keep claims alive while
    pack code runs, ``display`` shows the calls that it goes on with, ``tables`` answers those that no pack does, and
    ``clock`` counts seconds. Calls to a formula that is quick are claimed and committed together with those of the
    same job that wait behind them: that takes longer than the calls do.
    """

    steps: StepStore
    packs: PackStore
    runner: PackRunner
    surround: Surround
    flights: Flights
    admission: Admission
    dispatcher: Dispatcher
    retries: Retries
    advance: Advance
    heartbeats: Heartbeats
    display: Display
    paces: Paces = field(default_factory=Paces)
    tables: TableReader = NoTables()  # noqa: RUF009 - it holds nothing
    clock: Callable[[], float] = time.monotonic

    def __call__(self, job: str, key: str, *, call: str = "", queue: str = "") -> None:
        """Runs the step if it is due and free, and then for a while the calls that follow from it, one by one.

        ``call`` and ``queue`` say what it calls and where its message came from, so that others like it can be taken
        along; of these, those that cannot be claimed together are run by themselves afterwards.
        """
        along = self._along(job, call, queue)
        claimed = self.advance.claim(job, (key, *along))
        Spell(self, claimed, shown=key).run()
        taken = {claim.step.key for claim in claimed.claims}
        for other in along:
            if other not in taken:
                self(job, other)

    def _along(self, job: str, call: str, queue: str) -> Sequence[str]:
        most = self.paces.most(call)
        return self.dispatcher.along(job, call, queue=queue, most=most) if most else ()

    def work(self, claim: Claim, *, beside: Callable[[], None]) -> Settled | None:
        """Makes the call of a claim and gives the outcome; None when the step was put off.

        ``beside`` is done from another thread from time to time while pack code runs.
        """
        if claim.step.invocation.action and claim.tries > 1:
            self.flights.forget(claim)
            return Settled(claim=claim, outcome=_unknown(claim))
        if claim.step.invocation.pack_id == TABLES:
            return self._read(claim)
        try:
            prepared = self._prepared(claim)
        except NotReady:
            raise  # the claim runs out, and another worker takes the step
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
        prepared = _waiting(lambda: self._call(claim), claim.seconds_left if action else PATIENCE)
        if self.clock() - begun < self.advance.lease:
            return prepared
        return prepared if _waiting(lambda: self.steps.renew([claim], lease=self.advance.lease)) else None

    def _admitted(self, flight: Flight, call: Call, beside: Callable[[], None]) -> Settled | None:
        with self.admission.of(flight.claim) as admitted:
            if admitted:
                return self._attempt(flight, call, beside)
        flight.hold(WAIT)
        return None

    def _read(self, claim: Claim) -> Settled:
        """Asks a synced table, anew for each job."""
        ask = partial(self.tables.answer, claim.step.invocation.arguments, workspace=claim.workspace)
        try:
            return Settled(claim=claim, outcome=patiently(ask, seconds=30, pause=0.2))
        except NotReady:
            raise  # the claim runs out, and another worker takes the step
        except PacksysError as error:
            return Settled(claim=claim, outcome=_error(error, claim))

    def _attempt(self, flight: Flight, call: Call, beside: Callable[[], None]) -> Settled | None:
        try:
            with self.heartbeats.beside(flight.claim, lambda: self._prolong(flight), beside):
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
        if _waiting(lambda: self.steps.postpone(claim, delay=delay, cause=cause, tried=tried)):
            flight.hold(delay)
            if delay <= self.retries.longest:
                self.dispatcher.again(claim.step, route=claim.route, delay=delay)
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


class Spell:
    """Is what a worker does from one message: the calls that it claimed together, then those that follow from them.

    Outcomes of quick calls are committed together. One that is suddenly slow is not waited for: at the next heartbeat
    those that were claimed with it are given back, for others to take.
    """

    def __init__(self, execute: Execute, claimed: Claimed, *, shown: str) -> None:
        """Takes the claims; the step ``shown`` is the message's own, which Celery shows."""
        self._execute, self._shown = execute, shown
        self._waiting = deque(claimed.claims)
        self._standing = claimed.standing
        self._settled: list[Settled] = []
        self._until = execute.clock() + SLICE

    def run(self) -> None:
        """Goes on until nothing is left to go on with."""
        if not self._waiting:
            return
        with self._execute.heartbeats.holding(self._waiting) as held, ExitStack() as shown:
            commit_by = self._execute.clock() + LINGER
            while claim := self._next():
                if claim.step.key != self._shown:
                    shown.enter_context(self._execute.display.show(claim.step))
                self._work(claim)
                if not self._waiting or self._execute.clock() >= commit_by:
                    held(self._commit())
                    shown.close()
                    commit_by = self._execute.clock() + LINGER

    def _next(self) -> Claim | None:
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def _work(self, claim: Claim) -> None:
        begun = self._execute.clock()
        settled = self._execute.work(claim, beside=self._give_back)
        if settled is None:
            self._standing = None  # another step of the job is open
            return
        self._settled.append(settled)
        if not claim.step.invocation.action:
            self._execute.paces.note(claim.step.invocation.name, self._execute.clock() - begun)

    def _commit(self) -> Sequence[Claim]:
        """Commits what was settled, and gives the claims to go on with."""
        settled, self._settled = self._settled, []
        standing, self._standing = None if self._waiting else self._standing, None
        if not settled:
            return ()
        # A result that cost a call is worth some patience with a database that is just starting again.
        turn = _waiting(lambda: self._execute.advance.after(settled, standing, until=self._until))
        if turn is None:
            return ()
        self._waiting.append(turn.claim)
        self._standing = turn.standing
        return (turn.claim,)

    def _give_back(self) -> None:
        while self._waiting:
            self._standing = None
            with suppress(IndexError):
                claim = self._waiting.pop()
                if self._execute.steps.postpone(claim, delay=0, cause="held_up", tried=False):
                    self._execute.dispatcher.again(claim.step, route=claim.route)


def _waiting(attempt: Callable[[], Result], seconds: float = PATIENCE) -> Result:
    return patiently(attempt, seconds=seconds, pause=0.2)


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
