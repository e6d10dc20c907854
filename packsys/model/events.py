"""What can happen to a job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from packsys.values import Value


class EventKind(StrEnum):
    """Names what can happen to a job."""

    JOB_ACCEPTED = "job.accepted"
    JOB_RUNNING = "job.running"
    JOB_DONE = "job.done"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"
    STEP_QUEUED = "step.queued"
    STEP_RUNNING = "step.running"
    STEP_WAITING = "step.waiting"
    STEP_DONE = "step.done"
    STEP_FAILED = "step.failed"


_LAST = (EventKind.JOB_DONE, EventKind.JOB_FAILED, EventKind.JOB_CANCELLED)


@dataclass(frozen=True, kw_only=True)
class Event:
    """Is one transition; ``number`` counts a job's events from 1 without gaps."""

    job: str
    number: int
    at: datetime
    kind: EventKind
    step: str | None = None
    detail: Mapping[str, Value] = field(default_factory=dict)

    @property
    def last(self) -> bool:
        """Tells whether it is the end of the job, after which nothing is told."""
        return self.kind in _LAST


def followed(events: Sequence[Event]) -> Sequence[Event]:
    """Leaves out the events of jobs that were accepted and ended at once: nobody can have followed such a job."""
    told = Counter(event.job for event in events)
    whole = {event.job for event in events if event.last and told[event.job] == event.number}
    return [event for event in events if event.job not in whole] if whole else events
