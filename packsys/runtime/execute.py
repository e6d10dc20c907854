"""Runs one step and keeps its outcome."""

from __future__ import annotations

from dataclasses import dataclass

from packsys.errors import Actor, LimitReached, NotConnected, PackError, PacksysError, RateLimited
from packsys.language.invocation import Invocation
from packsys.model import Claim, Connection, PackFormula, PackVersion
from packsys.ports import (
    Call,
    ConnectionStore,
    Dispatcher,
    Egress,
    PackRunner,
    PackStore,
    ResultCache,
    StepStore,
    World,
)
from packsys.runtime.heartbeat import Heartbeat
from packsys.runtime.retries import Retries
from packsys.values import ErrorValue, Origin, Value


@dataclass(frozen=True, kw_only=True)
class Execute:
    """Claims a step, makes its call, and commits the outcome under the claim.

    Calling it twice is harmless: a step that is held or kept is left alone. ``worker`` names this process in
    events, ``lease`` is how many seconds it may be silent.
    """

    steps: StepStore
    packs: PackStore
    runner: PackRunner
    connections: ConnectionStore
    egress: Egress
    cache: ResultCache
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
        kept = self.cache.get(_cache_key(claim)) if _cacheable(formula, claim) else None
        if kept is not None:
            self.steps.keep(claim, kept[0], cached=True)
        else:
            self._attempt(claim, formula, call)

    def _attempt(self, claim: Claim, formula: PackFormula, call: Call) -> None:
        try:
            with Heartbeat(self.steps, claim, lease=self.lease):
                value = self.runner.run(call)
        except PacksysError as error:
            self._fail(claim, formula, error)
        else:
            self._keep(claim, formula, value)

    def _keep(self, claim: Claim, formula: PackFormula, value: Value) -> None:
        if self.steps.keep(claim, value) and _cacheable(formula, claim):
            self.cache.put(_cache_key(claim), value, ttl=formula.cache_ttl)

    def _fail(self, claim: Claim, formula: PackFormula, error: PacksysError) -> None:
        tried = not (isinstance(error, LimitReached) and error.untouched)
        delay = self.retries.delay(error, formula, claim) if tried else self.retries.park(error, claim)
        cause = "rate_limit" if isinstance(error, RateLimited) else error.code
        if delay is None:
            self.steps.keep(claim, _failed(error, claim))
        elif self.steps.postpone(claim, delay=delay, cause=cause, tried=tried) and delay <= self.retries.longest:
            self.dispatcher.again(claim.step, delay=delay)

    def _call(self, claim: Claim) -> tuple[PackFormula, Call]:
        invocation = claim.step.invocation
        pack, formula = self._formula(invocation)
        connection = self._connection(claim, pack)
        return formula, Call(
            formula=formula,
            invocation=invocation,
            world=World(
                fetcher=self.egress.open(
                    pack, connection, workspace=claim.workspace, fresh=invocation.action or invocation.fresh
                ),
                timeout=min(formula.timeout, claim.seconds_left),
                timezone=claim.timezone,
                idempotency_key=f"{claim.step.job}:{claim.step.key}",
                endpoint=connection.endpoint if connection else "",
            ),
        )

    def _formula(self, invocation: Invocation) -> tuple[PackVersion, PackFormula]:
        pack = self.packs.release(invocation.pack_id, invocation.version)
        if pack is None or invocation.formula not in pack.formulas:
            raise PackError(f"This worker does not have {invocation.name}: install the pack on every worker.")
        return pack, pack.formulas[invocation.formula]

    def _connection(self, claim: Claim, pack: PackVersion) -> Connection | None:
        account = claim.step.invocation.account
        if account is None:
            return None
        connection = self.connections.get(account, workspace=claim.workspace)
        if connection is None or connection.pack_id != pack.id:
            raise NotConnected(f"The account {account} of {pack.name} is gone: connect it again.")
        if not connection.state.usable:
            raise NotConnected(f"The account {connection.name!r} is {connection.state}: connect it again.")
        return connection


def _cacheable(formula: PackFormula, claim: Claim) -> bool:
    # What is read after an action on the same account must show what the action did.
    return formula.cache_ttl > 0 and not formula.signature.action and not claim.step.invocation.fresh


def _cache_key(claim: Claim) -> str:
    return f"{claim.workspace}:{claim.step.key}"


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
