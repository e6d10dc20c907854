"""Jobs, their steps, and the claims under which those are worked on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from packsys.language.invocation import Invocation
from packsys.values import ErrorValue, Value


class JobState(StrEnum):
    """Moves accepted → running → done, failed or cancelled; the last three never change."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Tells whether the job has ended."""
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class StepState(StrEnum):
    """Moves queued → running → done or failed, with waiting between the attempts."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Tells whether the step's outcome is kept."""
        return self in (StepState.DONE, StepState.FAILED)


class Priority(StrEnum):
    """Says whose calls go first: what a person waits for, what was asked for by a schedule, what fills up the past."""

    INTERACTIVE = "interactive"
    SCHEDULED = "scheduled"
    BACKFILL = "backfill"


@dataclass(frozen=True)
class Route:
    """Says in which queue, and there in whose lane, messages wait."""

    workspace: str = "default"
    priority: Priority = Priority.INTERACTIVE


@dataclass(frozen=True, kw_only=True)
class Submission:
    """Is what a caller asks for: one formula, its variables, and the terms.

    ``locale`` names the language and the country that texts are written for (BCP 47). ``callback`` is the address that
    is told of the job's end.
    """

    formula: str
    variables: Mapping[str, Value] = field(default_factory=dict)
    workspace: str = "default"
    asked_by: str = ""
    idempotency_key: str | None = None
    timeout: float = 300.0
    timezone: str = "UTC"
    locale: str = "en"
    priority: Priority = Priority.INTERACTIVE
    actions: bool = False
    callback: str | None = None


@dataclass(frozen=True, kw_only=True)
class Job:
    """Is one evaluation of one formula.

    ``tree`` is the bound formula as :func:`packsys.language.codec.dumps` writes it: workers never parse a
    user's text. ``asked_at`` is what the formula takes for now, in every pass: where it is None, ``accepted_at``.
    ``value`` is the answer of a job that is done, ``error`` the reason of one that is not. ``steps`` are those that it
    has, where they came with it.
    """

    id: str
    workspace: str
    formula: str
    tree: str
    variables: Mapping[str, Value]
    asked_by: str
    timezone: str
    accepted_at: datetime
    deadline: datetime
    state: JobState = JobState.ACCEPTED
    asked_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    locale: str = "en"
    priority: Priority = Priority.INTERACTIVE
    value: Value = None
    error: ErrorValue | None = None
    callback: str | None = None
    steps: tuple[Step, ...] | None = field(default=None, compare=False, repr=False)

    @property
    def route(self) -> Route:
        """Says where the job's messages wait."""
        return Route(self.workspace, self.priority)


@dataclass(frozen=True, kw_only=True)
class Step:
    """Is one pack call of one job; equal calls of a job are one step, known by its ``key``.

    ``number`` counts a job's steps from 1 in the order in which they were first asked for, ``wave`` the wave
    they were sent with. ``outcome`` is the kept value, or error value, of a final step.
    """

    job: str
    key: str
    number: int
    wave: int
    invocation: Invocation
    state: StepState = StepState.QUEUED
    attempt: int = 0
    cached: bool = False
    outcome: Value = None
    queued_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Is the right to work on a step until the lease ends.

    ``attempt`` is its fencing number. ``parked`` counts the claims before it that were given back untried, because a
    rate limit left no room for a first request.
    """

    step: Step
    workspace: str
    timezone: str
    attempt: int
    seconds_left: float
    locale: str = "en"
    parked: int = 0
    priority: Priority = Priority.INTERACTIVE

    @property
    def name(self) -> tuple[str, str, int]:
        """Names it among all claims."""
        return self.step.job, self.step.key, self.attempt

    @property
    def route(self) -> Route:
        """Says where the messages of its job wait."""
        return Route(self.workspace, self.priority)

    @property
    def tries(self) -> int:
        """Counts how often the call was tried, this time included."""
        return self.attempt - self.parked


@dataclass(frozen=True)
class Stall:
    """Is a piece of work that stands still: the steps to send again, or none when the job must advance."""

    job: str
    steps: Sequence[str]
    cause: str
    route: Route = Route()
