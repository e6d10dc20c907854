"""The twin of upkeep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from packsys.errors import DeadlineExceeded, WorkerLost
from packsys.memory.ledger import JobFile, Ledger, StepFile
from packsys.model import EventKind, JobState, Stall, StepState
from packsys.values import ErrorValue

DOUBLINGS = 10
"""How often at most the wait doubles after which a step that was sent is sent again."""

Wait: TypeAlias = Callable[[int], timedelta]
"""Gives how long to wait before something is sent again that was sent so often."""


class MemoryUpkeep:
    """Looks for what stands still in a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        """Takes the ledger."""
        self._ledger = ledger

    def expire(self) -> Sequence[str]:
        """Fails the jobs whose deadline has passed as ``DeadlineExceeded``, and lists them."""
        now = self._ledger.now()
        with self._ledger.open() as files:
            late = [file for file in files.values() if file.live and file.job.deadline <= now]
            for file in late:
                had = (file.job.deadline - file.job.accepted_at).total_seconds()
                self._ledger.end(file, JobState.FAILED, ErrorValue.of(DeadlineExceeded.after(had)))
            return tuple(file.job.id for file in late)

    def release(self, *, attempts: int) -> Sequence[Stall]:
        """Queues steps whose lease ran out; the ones tried ``attempts`` times fail as ``WorkerLost``."""
        with self._ledger.open() as files:
            stalls = [self._release(file, attempts) for file in files.values() if file.live]
        return tuple(stall for stall in stalls if stall)

    def stalled(self, *, grace: float, patient: bool = True) -> Sequence[Stall]:
        """Lists due steps that nobody took, and jobs that nobody advances, for ``grace`` seconds.

        Marks them as sent now. Who is ``patient`` is listed the same step only after twice as long each time.
        """
        now, wait = self._ledger.now(), partial(_wait, grace, DOUBLINGS if patient else 0)
        with self._ledger.open() as files:
            live = [file for file in files.values() if file.live]
            steps = [
                Stall(file.job.id, keys, "step.untaken", file.job.route)
                for file in live
                if (keys := _untaken(file, now, wait))
            ]
            jobs = [
                Stall(file.job.id, (), "job.unadvanced", file.job.route)
                for file in live
                if _unadvanced(file, now, wait)
            ]
        return (*steps, *jobs)

    def _release(self, file: JobFile, attempts: int) -> Stall | None:
        lost = [held for held in file.steps.values() if _lost(held, self._ledger.now())]
        for held in lost:
            self._set_free(file, held, attempts)
        queued = tuple(held.step.key for held in lost if held.step.state is StepState.QUEUED)
        return Stall(file.job.id, queued, "worker.lost", file.job.route) if lost else None

    def _set_free(self, file: JobFile, held: StepFile, attempts: int) -> None:
        now, outcome = self._ledger.now(), ErrorValue.of(WorkerLost.after(attempts))
        held.lease_until, held.sent_at, file.sends = None, now, 0
        parked = sum(each.step == held.step.key and each.detail.get("tried") is False for each in file.events)
        if held.step.attempt - parked < attempts:
            held.step = replace(held.step, state=StepState.QUEUED)
            self._ledger.tell(file, EventKind.STEP_QUEUED, held.step.key, cause=outcome.code)
        else:
            held.step = replace(held.step, state=StepState.FAILED, outcome=outcome, finished_at=now)
            self._ledger.tell(file, EventKind.STEP_FAILED, held.step.key, cached=False, code=outcome.code)


def _lost(held: StepFile, now: datetime) -> bool:
    return held.step.state is StepState.RUNNING and held.lease_until is not None and held.lease_until <= now


def _untaken(file: JobFile, now: datetime, wait: Wait) -> tuple[str, ...]:
    late = [held for held in file.steps.values() if _is_untaken(held, now, wait)]
    for held in late:
        held.sent_at, held.sends = now, held.sends + 1
    return tuple(held.step.key for held in late)


def _is_untaken(held: StepFile, now: datetime, wait: Wait) -> bool:
    due = max(held.sent_at, held.step.not_before or held.sent_at)
    return held.step.state in (StepState.QUEUED, StepState.WAITING) and due + wait(held.sends) <= now


def _unadvanced(file: JobFile, now: datetime, wait: Wait) -> bool:
    waits = any(not held.step.state.final for held in file.steps.values())
    if waits or file.moved_at + wait(file.sends) > now:
        return False
    file.moved_at, file.sends = now, file.sends + 1
    return True


def _wait(grace: float, doublings: int, sends: int) -> timedelta:
    return timedelta(seconds=grace * 2 ** min(sends, doublings))
