"""Runs one step and keeps its outcome."""

from __future__ import annotations

from dataclasses import dataclass

from packsys.errors import Actor, LimitReached, PackError, PacksysError, RateLimited
from packsys.language.invocation import Invocation
from packsys.model import Claim, PackFormula, PackVersion
from packsys.ports import Call, Dispatcher, PackRunner, PackStore, ResultCache, StepStore
from packsys.runtime.heartbeat import Heartbeat
from packsys.runtime.recall import kept_under
from packsys.runtime.retries import Retries
from packsys.runtime.surround import Surround
from packsys.sdk.surroundings import Location
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
    surround: Surround
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
            with Heartbeat(lambda: self.steps.renew(claim, lease=self.lease), lease=self.lease, name=claim.step.key):
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


def _cacheable(formula: PackFormula, claim: Claim) -> bool:
    # What is read after an action on the same account must show what the action did.
    return formula.cache_ttl > 0 and not formula.signature.action and not claim.step.invocation.fresh


def _cache_key(claim: Claim) -> str:
    return kept_under(claim.workspace, claim.step.key)


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
