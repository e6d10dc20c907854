"""The twin of steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from packsys.language.invocation import Invocation
from packsys.memory.ledger import JobFile, Ledger, StepFile, seconds, settled
from packsys.model import Claim, EventKind, JobState, Step, StepState
from packsys.values import ErrorValue, Value


class MemorySteps:
    """Keeps steps in a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        """Takes the ledger."""
        self._ledger = ledger

    def add(self, job: str, invocations: Sequence[Invocation]) -> Sequence[Step]:
        """Keeps the calls that are new to a live job as one queued wave, and gives back the new ones only."""
        with self._ledger.open() as files:
            file = files.get(job)
            if file is None or not file.live:
                return ()
            new = {call.key: call for call in invocations if call.key not in file.steps}
            return self._add(file, list(new.values())) if new else ()

    def of(self, job: str) -> Sequence[Step]:
        """Lists a job's steps by number."""
        with self._ledger.open() as files:
            return tuple(file.step for file in files[job].steps.values()) if job in files else ()

    def claim(self, job: str, key: str, *, worker: str, lease: float) -> Claim | None:
        """Takes a due step of a live job for ``lease`` seconds; None when it is held, kept, not due or ended."""
        now = self._ledger.now()
        with self._ledger.open() as files:
            file = files.get(job)
            held = file.steps.get(key) if file else None
            if file is None or held is None or not _open(file, now) or not _due(held, now):
                return None
            step, attempt = held.step, held.step.attempt + 1
            held.step = replace(
                step, state=StepState.RUNNING, attempt=attempt, started_at=step.started_at or now, not_before=None
            )
            held.lease_until, held.sends = now + timedelta(seconds=lease), 0
            self._ledger.tell(file, EventKind.STEP_RUNNING, key, attempt=attempt, worker=worker)
            return Claim(
                step=held.step,
                workspace=file.job.workspace,
                timezone=file.job.timezone,
                attempt=attempt,
                seconds_left=seconds(file.job.deadline - now),
                parked=sum(each.step == key and each.detail.get("tried") is False for each in file.events),
            )

    def renew(self, claim: Claim, *, lease: float) -> bool:
        """Holds a claim for ``lease`` more seconds; False when it was lost."""
        with self._ledger.open() as files:
            held = _held(files, claim)
            if held:
                held.lease_until = self._ledger.now() + timedelta(seconds=lease)
            return held is not None

    def keep(self, claim: Claim, outcome: Value, *, cached: bool = False) -> bool:
        """Commits a step's outcome once; False, and nothing written, when the claim was lost."""
        kept, now = settled(outcome), self._ledger.now()
        with self._ledger.open() as files:
            held = _held(files, claim)
            if held is None:
                return False
            state = StepState.FAILED if isinstance(kept, ErrorValue) else StepState.DONE
            detail = {"code": kept.code} if isinstance(kept, ErrorValue) else {}
            held.step = replace(held.step, state=state, outcome=kept, cached=cached, finished_at=now)
            self._leave(files[claim.step.job], held, cached=cached, **detail)
            return True

    def postpone(self, claim: Claim, *, delay: float, cause: str, tried: bool = True) -> bool:
        """Gives a claim back, to be due in ``delay`` seconds; False when it was lost."""
        with self._ledger.open() as files:
            held = _held(files, claim)
            if held is None:
                return False
            not_before = self._ledger.now() + timedelta(seconds=delay)
            held.step = replace(held.step, state=StepState.WAITING, not_before=not_before)
            untried: dict[str, Value] = {} if tried else {"tried": False}
            self._leave(files[claim.step.job], held, cause=cause, seconds=delay, **untried)
            return True

    def rouse(self, places: Sequence[tuple[str, str]]) -> Sequence[Step]:
        """Makes waiting steps of live jobs, named by job and key, due now, and gives them."""
        with self._ledger.open() as files:
            roused = [held for job, key in places if (held := _waits(files.get(job), key))]
            for held in roused:
                held.sent_at = self._ledger.now()
                held.step = replace(held.step, not_before=held.sent_at)
            return tuple(held.step for held in roused)

    def _add(self, file: JobFile, calls: Sequence[Invocation]) -> Sequence[Step]:
        now, next_number = self._ledger.now(), len(file.steps) + 1
        wave = 1 + max((held.step.wave for held in file.steps.values()), default=0)
        if file.job.state is JobState.ACCEPTED:
            file.job = replace(file.job, state=JobState.RUNNING, started_at=now)
            self._ledger.tell(file, EventKind.JOB_RUNNING)
        for number, call in enumerate(calls, start=next_number):
            step = Step(job=file.job.id, key=call.key, number=number, wave=wave, invocation=call, queued_at=now)
            file.steps[call.key] = StepFile(step=step, sent_at=now)
            self._ledger.tell(file, EventKind.STEP_QUEUED, call.key, number=number, wave=wave, call=call.name)
        return tuple(file.steps[call.key].step for call in calls)

    def _leave(self, file: JobFile, held: StepFile, **detail: Value) -> None:
        held.lease_until, held.sent_at, held.sends = None, self._ledger.now(), 0
        file.sends = 0
        self._ledger.tell(file, EventKind(f"step.{held.step.state}"), held.step.key, **detail)


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
