"""The events that the functions of migration 0007 have written, as they are told to those who follow a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from packsys.model import Claim, Event, EventKind, JobState, Step
from packsys.store.writing import code_of, detail_of, end_of, state_of, those
from packsys.turns import Ahead, Settled, Start
from packsys.values import Value


@dataclass(kw_only=True)
class Minutes:
    """Lists a job's events from a number on, at the time when PostgreSQL wrote them."""

    job: str
    number: int
    at: datetime
    events: list[Event] = field(default_factory=list)

    def note(self, kind: EventKind, step: str | None = None, **detail: Value) -> None:
        """Adds the next event."""
        number = self.number + len(self.events)
        self.events.append(Event(job=self.job, number=number, at=self.at, kind=kind, step=step, detail=detail))

    def queued(self, step: Step) -> None:
        """Adds that a step was queued."""
        call = step.invocation.name
        self.note(EventKind.STEP_QUEUED, step.key, number=step.number, wave=step.wave, call=call)


def told(job: str, kind: EventKind, step: str | None, *, number: int, at: datetime, **detail: Value) -> Sequence[Event]:
    """Gives one event, alone."""
    return (Event(job=job, number=number, at=at, kind=kind, step=step, detail=detail),)


def opened(start: Start, row: Any) -> Sequence[Event]:
    """Gives the events of a job that was accepted with what it begins with."""
    job, opening = start.job.id, start.opening
    minutes = Minutes(job=job, number=1, at=row.accepted_at)
    minutes.note(EventKind.JOB_ACCEPTED)
    if start.steps:
        minutes.note(EventKind.JOB_RUNNING)
    for place, step in enumerate(start.steps):
        minutes.queued(step)
        if place < len(opening.answered):
            minutes.note(EventKind.STEP_DONE, step.key, cached=True)
    return minutes.events if opening.outcome is None else [*minutes.events, *_ended(job, opening.outcome[0], row)]


def added(job: str, steps: Sequence[Step], row: Any) -> Sequence[Event]:
    """Gives the events of a wave that was added."""
    if not steps:
        return ()
    minutes = Minutes(job=job, number=row.number, at=row.at)
    if row.began:
        minutes.note(EventKind.JOB_RUNNING)
    for step in steps:
        minutes.queued(step)
    return minutes.events


def claimed(claims: Sequence[Claim], worker: str, *, number: int | None, at: datetime) -> Sequence[Event]:
    """Gives the events of claims."""
    if number is None or not claims:
        return ()
    minutes = Minutes(job=claims[0].step.job, number=number, at=at)
    for claim in claims:
        minutes.note(EventKind.STEP_RUNNING, claim.step.key, attempt=claim.attempt, worker=worker)
    return minutes.events


def kept(settled: Sequence[Settled], *, number: int | None, at: datetime) -> Sequence[Event]:
    """Gives the events of outcomes; none when the job had ended."""
    if number is None:
        return ()
    minutes = Minutes(job=settled[0].claim.step.job, number=number, at=at)
    for each in settled:
        minutes.note(EventKind(f"step.{state_of(each.outcome)}"), each.claim.step.key, **detail_of(each))
    return minutes.events


def before(settled: Sequence[Settled], ahead: Sequence[Ahead], worker: str, row: Any) -> Sequence[Event]:
    """Gives the events of outcomes, and of the calls made ahead of them, that were kept before something else."""
    left = kept(those(settled, row.kept), number=row.kept_event, at=row.kept_at)
    return left if row.ahead_event is None else (*left, *_recorded(ahead, worker, row))


def _recorded(ahead: Sequence[Ahead], worker: str, row: Any) -> Sequence[Event]:
    minutes = Minutes(job=ahead[0].settled.claim.step.job, number=row.ahead_event, at=row.ahead_at)
    for settled in (each.settled for each in ahead):
        step = settled.claim.step
        minutes.queued(step)
        minutes.note(EventKind.STEP_RUNNING, step.key, attempt=settled.claim.attempt, worker=worker)
        minutes.note(EventKind(f"step.{state_of(settled.outcome)}"), step.key, **detail_of(settled))
    return minutes.events


def ended(job: str, state: JobState, code: str | None, row: Any) -> Sequence[Event]:
    """Gives the event of a job's end, if it has ended just now."""
    if row.number is None:
        return ()
    return told(job, EventKind(f"job.{state}"), None, number=row.number, at=row.at, **_end(row, code))


def _ended(job: str, outcome: Value, row: Any) -> Sequence[Event]:
    kind = EventKind(f"job.{end_of(outcome)}")
    return told(job, kind, None, number=row.end_event, at=row.ended_at, **_end(row, code_of(outcome)))


def _end(row: Any, code: str | None) -> dict[str, Value]:
    why: dict[str, Value] = {"code": code} if code else {}
    callback: dict[str, Value] = {"callback": True} if row.calls_back else {}
    return {"seconds": row.seconds, **why, **callback}
