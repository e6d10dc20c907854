"""The state that the twins of jobs, steps, events and upkeep share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock

from packsys.model import Delivery, DeliveryState, Event, EventKind, Job, JobState, Step
from packsys.values import ErrorValue, Value, from_json, to_json


@dataclass(kw_only=True)
class StepFile:
    """Holds a step and what only its keeper knows."""

    step: Step
    sent_at: datetime
    sends: int = 0
    lease_until: datetime | None = None


@dataclass(kw_only=True)
class DeliveryFile:
    """Holds a delivery and what only its keeper knows."""

    row: Delivery
    lease_until: datetime | None = None

    def under_way(self, now: datetime) -> bool:
        """Tells whether somebody sends it."""
        return self.row.state is DeliveryState.PENDING and self.lease_until is not None and self.lease_until > now

    def due(self, now: datetime) -> bool:
        """Tells whether it may be taken."""
        return self.row.state is DeliveryState.PENDING and self.row.due_at <= now and not self.under_way(now)


@dataclass(kw_only=True)
class JobFile:
    """Holds a job, its steps by key, its events, and what only its keeper knows."""

    job: Job
    moved_at: datetime
    idempotency_key: str | None = None
    fingerprint: str = ""
    sends: int = 0
    look_at: int = 0
    steps: dict[str, StepFile] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    delivery: DeliveryFile | None = None

    @property
    def live(self) -> bool:
        """Tells whether the job has not ended."""
        return not self.job.state.final

    @property
    def open(self) -> int:
        """Counts the steps that have no outcome."""
        return sum(not held.step.state.final for held in self.steps.values())

    @property
    def final(self) -> int:
        """Counts the steps that have one."""
        return len(self.steps) - self.open


class Ledger:
    """Keeps the files of jobs under one lock; ``now`` is its clock, and ``publish`` gets the events as they happen."""

    def __init__(
        self, now: Callable[[], datetime], *, publish: Callable[[Sequence[Event]], None] = lambda events: None
    ) -> None:
        """Takes the clock, and who is told; the ledger is empty."""
        self.now = now
        self._publish = publish
        self._files: dict[str, JobFile] = {}
        self._told: list[Event] = []
        self._lock = Lock()

    @contextmanager
    def open(self) -> Iterator[dict[str, JobFile]]:
        """Gives the files by job to one thread at a time, and publishes what was told when it is done."""
        with self._lock:
            yield self._files
            told, self._told = self._told, []
        if told:
            self._publish(told)

    def tell(self, file: JobFile, kind: EventKind, step: str | None = None, **detail: Value) -> None:
        """Adds the next event of a job, unless the job has ended."""
        if not file.live:
            return
        number, file.moved_at = len(file.events) + 1, self.now()
        event = Event(job=file.job.id, number=number, at=file.moved_at, kind=kind, step=step, detail=detail)
        file.events.append(event)
        self._told.append(event)

    def end(self, file: JobFile, state: JobState, outcome: Value = None) -> None:
        """Ends a live job."""
        kept, now = settled(outcome), self.now()
        error = kept if isinstance(kept, ErrorValue) else None
        more: dict[str, Value] = {"code": error.code} if error else {}
        if file.job.callback is not None:
            more["callback"] = True
            row = Delivery(job=file.job.id, workspace=file.job.workspace, url=file.job.callback, due_at=now)
            file.delivery = DeliveryFile(row=row)
        self.tell(file, EventKind(f"job.{state}"), None, seconds=seconds(now - file.job.accepted_at), **more)
        value = None if error else kept
        file.job = replace(file.job, state=state, value=value, error=error, finished_at=now)


def settled(value: Value) -> Value:
    """Gives a value as it comes back from a store: a copy, made of JSON's own lists and objects."""
    return from_json(to_json(value))


def seconds(duration: timedelta) -> float:
    """Gives a duration in seconds, to the millisecond."""
    return round(duration.total_seconds(), 3)
