"""The nouns of the house, as frozen dataclasses, and the states they move through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from packsys.language.invocation import Invocation
from packsys.language.signature import Signature
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


@dataclass(frozen=True, kw_only=True)
class Submission:
    """Is what a caller asks for: one formula, its variables, and the terms."""

    formula: str
    variables: Mapping[str, Value] = field(default_factory=dict)
    workspace: str = "default"
    asked_by: str = ""
    idempotency_key: str | None = None
    timeout: float = 300.0
    timezone: str = "UTC"
    actions: bool = False


@dataclass(frozen=True, kw_only=True)
class Job:
    """Is one evaluation of one formula.

    ``tree`` is the bound formula as :func:`packsys.language.codec.dumps` writes it: workers never parse a
    user's text. ``value`` is the answer of a job that is done, ``error`` the reason of one that is not.
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
    started_at: datetime | None = None
    finished_at: datetime | None = None
    value: Value = None
    error: ErrorValue | None = None


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
    """Is the right to work on a step until the lease ends; ``attempt`` is its fencing number."""

    step: Step
    workspace: str
    timezone: str
    attempt: int
    seconds_left: float


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


@dataclass(frozen=True, kw_only=True)
class Event:
    """Is one transition; ``number`` counts a job's events from 1 without gaps."""

    job: str
    number: int
    at: datetime
    kind: EventKind
    step: str | None = None
    detail: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PackFormula:
    """Is one formula of a pack release: its signature, and the limits of a call.

    ``cache_ttl`` and ``timeout`` are seconds, ``attempts`` counts the first try.
    """

    signature: Signature
    cache_ttl: float = 0.0
    timeout: float = 30.0
    attempts: int = 4


@dataclass(frozen=True, kw_only=True)
class PackVersion:
    """Is one immutable release of a pack.

    ``authentication`` is the plain-JSON description of how requests are signed, ``base_url`` what relative
    addresses are relative to when the connection names no endpoint of its own.
    """

    id: int
    name: str
    version: str
    description: str
    domains: tuple[str, ...]
    formulas: Mapping[str, PackFormula]
    base_url: str = ""
    authentication: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Release:
    """Is a published pack version: what was uploaded, byte for byte, and who did it. It never changes.

    ``digest`` is the SHA-256 of ``archive``, ``runtime`` what runs it: ``python`` or ``javascript``.
    """

    pack_id: int
    version: str
    name: str
    runtime: str
    digest: str
    manifest: Mapping[str, Any] = field(repr=False)
    archive: bytes = field(repr=False)
    published_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Blob:
    """Is a file that is kept for a while; ``name`` is what a browser saves it as."""

    content: bytes = field(repr=False)
    content_type: str
    name: str = ""


class ConnectionState(StrEnum):
    """Says whether an account can be used."""

    ACTIVE = "active"
    NEEDS_REAUTH = "needs_reauth"
    REVOKED = "revoked"


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Is one connected account; ``sealed`` is its secret as the vault wrote it.

    ``endpoint`` replaces the pack's base URL, for services that people host themselves.
    """

    id: str
    workspace: str
    pack_id: int
    name: str
    sealed: bytes = field(repr=False)
    endpoint: str = ""
    state: ConnectionState = ConnectionState.ACTIVE
    version: int = 1


class Scope(StrEnum):
    """Names what an API key may do; whatever its scopes, it may read which packs there are."""

    JOBS = "jobs"  # submit, follow and cancel jobs, plan formulas
    CONNECTIONS = "connections"  # connect accounts and list them
    PACKS = "packs"  # publish pack versions


@dataclass(frozen=True, kw_only=True)
class Key:
    """Is an API key without its secret: only the SHA-256 of the secret is kept."""

    id: str
    workspace: str
    name: str
    created_at: datetime
    revoked_at: datetime | None = None
    scopes: tuple[str, ...] = (Scope.JOBS, Scope.CONNECTIONS)


@dataclass(frozen=True)
class Stall:
    """Is a piece of work that stands still: the steps to send again, or none when the job must advance."""

    job: str
    steps: Sequence[str]
    cause: str
