"""The state that the twins of jobs, steps, events and upkeep share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock

from packsys.model import Event, EventKind, Job, JobState, Step
from packsys.values import ErrorValue, Value, from_json, to_json


@dataclass(kw_only=True)
class StepFile:
    """Holds a step and what only its keeper knows."""

    step: Step
    sent_at: datetime
    sends: int = 0
    lease_until: datetime | None = None


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

    @property
    def live(self) -> bool:
        """Tells whether the job has not ended."""
        return not self.job.state.final

    @property
    def open(self) -> int:
        """Counts the steps that have no outcome."""
        return sum(not held.step.state.final for held in self.steps.values())


class Ledger:
    """Keeps the files of jobs under one lock; ``now`` is its clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Takes the clock; the ledger is empty."""
        self.now = now
        self._files: dict[str, JobFile] = {}
        self._rings: defaultdict[str, list[Callable[[], None]]] = defaultdict(list)
        self._told: set[str] = set()
        self._lock = Lock()

    @contextmanager
    def open(self) -> Iterator[dict[str, JobFile]]:
        """Gives the files by job to one thread at a time, and rings for what was told when it is done."""
        with self._lock:
            yield self._files
            rings = [ring for job in self._told for ring in self._rings.get(job, ())]
            self._told.clear()
        for ring in rings:
            ring()

    def listen(self, job: str, ring: Callable[[], None]) -> Callable[[], None]:
        """Calls ``ring`` after each event of a job, until the returned function is called."""
        with self._lock:
            self._rings[job].append(ring)

        def stop() -> None:
            with self._lock:
                self._leave(job, ring)

        return stop

    def tell(self, file: JobFile, kind: EventKind, step: str | None = None, **detail: Value) -> None:
        """Adds the next event of a job, unless the job has ended."""
        if not file.live:
            return
        number, file.moved_at = len(file.events) + 1, self.now()
        event = Event(job=file.job.id, number=number, at=file.moved_at, kind=kind, step=step, detail=detail)
        file.events.append(event)
        self._told.add(file.job.id)

    def end(self, file: JobFile, state: JobState, outcome: Value = None) -> None:
        """Ends a live job."""
        kept, now = settled(outcome), self.now()
        error = kept if isinstance(kept, ErrorValue) else None
        code = {"code": error.code} if error else {}
        self.tell(file, EventKind(f"job.{state}"), seconds=seconds(now - file.job.accepted_at), **code)
        value = None if error else kept
        file.job = replace(file.job, state=state, value=value, error=error, finished_at=now)

    def _leave(self, job: str, ring: Callable[[], None]) -> None:
        if ring in self._rings[job]:
            self._rings[job].remove(ring)
        if not self._rings[job]:
            del self._rings[job]


def settled(value: Value) -> Value:
    """Gives a value as it comes back from a store: a copy, made of JSON's own lists and objects."""
    return from_json(to_json(value))


def seconds(duration: timedelta) -> float:
    """Gives a duration in seconds, to the millisecond."""
    return round(duration.total_seconds(), 3)
