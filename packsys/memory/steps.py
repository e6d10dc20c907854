"""The twin of steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from packsys.language.invocation import Invocation
from packsys.memory.ledger import JobFile, Ledger, StepFile, seconds
from packsys.memory.ledger import settled as copied
from packsys.model import Claim, EventKind, JobState, Route, Step, StepState
from packsys.turns import Ahead, Claimed, Committed, Settled, Standing, Taken, weight
from packsys.values import ErrorValue, Value


class MemorySteps:
    """Keeps steps in a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        """Takes the ledger."""
        self._ledger = ledger

    def add(self, job: str, invocations: Sequence[Invocation], *, look_at: int = 0, known: int = 0) -> Sequence[Step]:
        """Keeps the calls that are new to a live job as one queued wave, and gives back the new ones only."""
        with self._ledger.open() as files:
            file = files.get(job)
            if file is None or not file.live or file.final < known:
                return ()
            return add(self._ledger, file, invocations, look_at=look_at)

    def take(
        self,
        job: str,
        invocations: Sequence[Invocation],
        *,
        worker: str,
        lease: float,
        look_at: int = 0,
        settled: Sequence[Settled] = (),
        ahead: Sequence[Ahead] = (),
        known: int = 0,
    ) -> Taken | None:
        """Adds a wave and claims its first new step, in one moment, after the outcomes that it may come with."""
        with self._ledger.open() as files:
            if len(keep(self._ledger, files, settled)) < len(settled):
                return None
            file = files.get(job)
            if file is None or not file.live or file.final < known:
                return Taken()
            record(self._ledger, file, ahead, worker)
            steps = tuple(add(self._ledger, file, invocations, look_at=look_at))
            claim = claimed(self._ledger, file, steps[0].key, worker=worker, lease=lease) if steps else None
            return Taken(steps=steps, claim=claim)

    def of(self, job: str) -> Sequence[Step]:
        """Lists a job's steps by number."""
        with self._ledger.open() as files:
            return tuple(file.step for file in files[job].steps.values()) if job in files else ()

    def claim(self, job: str, keys: Sequence[str], *, worker: str, lease: float, look: bool = True) -> Claimed:
        """Takes those due steps of a live job for ``lease`` seconds that are not held, kept or ended."""
        with self._ledger.open() as files:
            file = files.get(job)
            if file is None:
                return Claimed()
            fitting = [key for key in sorted(keys) if len(keys) == 1 or not _acts(file, key)]
            found = (claimed(self._ledger, file, key, worker=worker, lease=lease) for key in fitting)
            claims = tuple(claim for claim in found if claim)
            alone = bool(claims) and file.open == len(claims)
            return Claimed(claims=claims, standing=_standing(file) if look and alone else None)

    def renew(self, claims: Sequence[Claim], *, lease: float, wait: bool = True) -> Sequence[Claim]:
        """Holds claims for ``lease`` more seconds, and lists those that were not lost; nobody waits long here."""
        with self._ledger.open() as files:
            kept = [(claim, held) for claim in claims if (held := _held(files, claim))]
            for _, held in kept:
                held.lease_until = self._ledger.now() + timedelta(seconds=lease)
            return [claim for claim, _ in kept]

    def keep(self, settled: Sequence[Settled]) -> Committed:
        """Commits the outcomes of some steps of one job, each once: those whose claims were not lost."""
        with self._ledger.open() as files:
            committed = keep(self._ledger, files, settled)
            file = files.get(settled[0].claim.step.job) if committed else None
            look = file is not None and file.live and file.open <= file.look_at
            return Committed(settled=committed, standing=_standing(file) if file and look else None)

    def postpone(self, claim: Claim, *, delay: float, cause: str, tried: bool = True) -> bool:
        """Gives a claim back, to be due in ``delay`` seconds; False when it was lost."""
        with self._ledger.open() as files:
            held = _held(files, claim)
            if held is None:
                return False
            not_before = self._ledger.now() + timedelta(seconds=delay)
            held.step = replace(held.step, state=StepState.WAITING, not_before=not_before)
            untried: dict[str, Value] = {} if tried else {"tried": False}
            leave(self._ledger, files[claim.step.job], held, cause=cause, seconds=delay, **untried)
            return True

    def rouse(self, places: Sequence[tuple[str, str]]) -> Sequence[tuple[Step, Route]]:
        """Makes waiting steps of live jobs, named by job and key, due now, and gives them with their routes."""
        with self._ledger.open() as files:
            roused = [(job, held) for job, key in places if (held := _waits(files.get(job), key))]
            for _, held in roused:
                held.sent_at = self._ledger.now()
                held.step = replace(held.step, not_before=held.sent_at)
            return tuple((held.step, files[job].job.route) for job, held in roused)


def add(ledger: Ledger, file: JobFile, invocations: Sequence[Invocation], *, look_at: int) -> Sequence[Step]:
    """Keeps the calls that are new to a live job as one queued wave."""
    file.look_at = look_at
    calls = {call.key: call for call in invocations if call.key not in file.steps}
    if not calls:
        return ()
    now, next_number = ledger.now(), len(file.steps) + 1
    wave = 1 + max((held.step.wave for held in file.steps.values()), default=0)
    if file.job.state is JobState.ACCEPTED:
        file.job = replace(file.job, state=JobState.RUNNING, started_at=now)
        ledger.tell(file, EventKind.JOB_RUNNING)
    for number, call in enumerate(calls.values(), start=next_number):
        step = Step(job=file.job.id, key=call.key, number=number, wave=wave, invocation=call, queued_at=now)
        file.steps[call.key] = StepFile(step=step, sent_at=now)
        ledger.tell(file, EventKind.STEP_QUEUED, call.key, number=number, wave=wave, call=call.name)
    return tuple(file.steps[key].step for key in calls)


def answer(ledger: Ledger, file: JobFile, key: str, value: Value) -> None:
    """Ends a queued step with a result that was known."""
    held, now = file.steps[key], ledger.now()
    held.step = replace(
        held.step, state=StepState.DONE, outcome=copied(value), cached=True, started_at=now, finished_at=now
    )
    ledger.tell(file, EventKind.STEP_DONE, key, cached=True)


def claimed(ledger: Ledger, file: JobFile, key: str, *, worker: str, lease: float) -> Claim | None:
    """Takes a due step of a live job."""
    now, held = ledger.now(), file.steps.get(key)
    if held is None or not _open(file, now) or not _due(held, now):
        return None
    step, attempt = held.step, held.step.attempt + 1
    held.step = replace(
        step, state=StepState.RUNNING, attempt=attempt, started_at=step.started_at or now, not_before=None
    )
    held.lease_until, held.sends = now + timedelta(seconds=lease), 0
    ledger.tell(file, EventKind.STEP_RUNNING, key, attempt=attempt, worker=worker)
    return Claim(
        step=held.step,
        workspace=file.job.workspace,
        timezone=file.job.timezone,
        locale=file.job.locale,
        priority=file.job.priority,
        attempt=attempt,
        seconds_left=seconds(file.job.deadline - now),
        parked=sum(each.step == key and each.detail.get("tried") is False for each in file.events),
    )


def keep(ledger: Ledger, files: dict[str, JobFile], settled: Sequence[Settled]) -> tuple[Settled, ...]:
    """Commits outcomes, and gives those whose claims were not lost."""
    return tuple(each for each in settled if _keep(ledger, files, each))


def _keep(ledger: Ledger, files: dict[str, JobFile], settled: Settled) -> bool:
    outcome, now = copied(settled.outcome), ledger.now()
    held = _held(files, settled.claim)
    if held is None:
        return False
    state, detail = _ended(outcome)
    held.step = replace(held.step, state=state, outcome=outcome, cached=settled.cached, finished_at=now)
    leave(ledger, files[settled.claim.step.job], held, cached=settled.cached, **detail)
    return True


def record(ledger: Ledger, file: JobFile, ahead: Sequence[Ahead], worker: str) -> None:
    """Keeps calls of a live job that were made before anything told of them."""
    now = ledger.now()
    for each in ahead:
        step, outcome = each.settled.claim.step, copied(each.settled.outcome)
        begun, ended = now - timedelta(seconds=each.began), now - timedelta(seconds=each.ended)
        state, detail = _ended(outcome)
        number = len(file.steps) + 1
        kept = replace(
            step,
            number=number,
            state=state,
            outcome=outcome,
            cached=each.settled.cached,
            queued_at=begun,
            started_at=begun,
            finished_at=ended,
        )
        file.steps[step.key] = StepFile(step=kept, sent_at=now)
        call = step.invocation.name
        ledger.tell(file, EventKind.STEP_QUEUED, step.key, number=number, wave=step.wave, call=call)
        ledger.tell(file, EventKind.STEP_RUNNING, step.key, attempt=step.attempt, worker=worker)
        ledger.tell(file, EventKind(f"step.{state}"), step.key, cached=each.settled.cached, **detail)


def _ended(outcome: Value) -> tuple[StepState, dict[str, Value]]:
    return (StepState.FAILED, {"code": outcome.code}) if isinstance(outcome, ErrorValue) else (StepState.DONE, {})


def leave(ledger: Ledger, file: JobFile, held: StepFile, **detail: Value) -> None:
    """Ends a claim."""
    held.lease_until, held.sent_at, held.sends = None, ledger.now(), 0
    file.sends = 0
    ledger.tell(file, EventKind(f"step.{held.step.state}"), held.step.key, **detail)


def _standing(file: JobFile) -> Standing:
    job = file.job
    outcomes = {key: held.step.outcome for key, held in file.steps.items() if held.step.state.final}
    return Standing(
        job=job.id,
        tree=job.tree,
        variables=job.variables,
        asked_at=job.asked_at or job.accepted_at,
        timezone=job.timezone,
        locale=job.locale,
        route=job.route,
        waves=max(held.step.wave for held in file.steps.values()),
        open=file.open,
        bytes=sum(map(weight, outcomes.values())),
        outcomes=outcomes,
    )


def _acts(file: JobFile, key: str) -> bool:
    return key in file.steps and file.steps[key].step.invocation.action


def _open(file: JobFile, now: datetime) -> bool:
    return file.live and file.job.deadline > now


def _waits(file: JobFile | None, key: str) -> StepFile | None:
    held = file.steps.get(key) if file and file.live else None
    return held if held and held.step.state is StepState.WAITING else None


def _due(held: StepFile, now: datetime) -> bool:
    match held.step.state:
        case StepState.QUEUED:
            return True
        case StepState.WAITING:
            return held.step.not_before is not None and held.step.not_before <= now
        case StepState.RUNNING:
            return held.lease_until is not None and held.lease_until <= now
    return False


def _held(files: dict[str, JobFile], claim: Claim) -> StepFile | None:
    file = files.get(claim.step.job)
    held = file.steps.get(claim.step.key) if file else None
    if held and held.step.state is StepState.RUNNING and held.step.attempt == claim.attempt:
        return held
    return None
