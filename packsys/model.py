"""The nouns of the house, as frozen dataclasses, and the states they move through."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from packsys.language.invocation import Invocation
from packsys.language.signature import Signature
from packsys.limits.policy import Policy
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
    ``value`` is the answer of a job that is done, ``error`` the reason of one that is not.
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
    def route(self) -> Route:
        """Says where the messages of its job wait."""
        return Route(self.workspace, self.priority)

    @property
    def tries(self) -> int:
        """Counts how often the call was tried, this time included."""
        return self.attempt - self.parked


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

    @property
    def last(self) -> bool:
        """Tells whether it is the end of the job, after which nothing is told."""
        return self.kind in (EventKind.JOB_DONE, EventKind.JOB_FAILED, EventKind.JOB_CANCELLED)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Is what some steps of a job wait for: why, how many they are, and in how many seconds the next is due."""

    cause: str
    steps: int
    seconds: float


def waiting_by_cause(waits: Iterable[tuple[str, float]]) -> Sequence[Waiting]:
    """Gathers steps, each with its cause and its seconds, by cause."""
    by_cause: dict[str, list[float]] = {}
    for cause, seconds in waits:
        by_cause.setdefault(cause, []).append(seconds)
    return tuple(
        Waiting(cause=cause, steps=len(of_it), seconds=min(of_it)) for cause, of_it in sorted(by_cause.items())
    )


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Is how far a job is: its steps by state, those from the cache among the done ones, and the waves so far."""

    queued: int = 0
    running: int = 0
    waiting: int = 0
    done: int = 0
    failed: int = 0
    cached: int = 0
    waves: int = 0
    waits: Sequence[Waiting] = ()

    @classmethod
    def counted(cls, steps: Sequence[Step]) -> Progress | None:
        """Counts steps of which none waits; None where one does, since a step does not know why."""
        states = Counter(step.state for step in steps)
        if states[StepState.WAITING]:
            return None
        return cls(
            queued=states[StepState.QUEUED],
            running=states[StepState.RUNNING],
            done=states[StepState.DONE],
            failed=states[StepState.FAILED],
            cached=sum(step.cached for step in steps),
            waves=max((step.wave for step in steps), default=0),
        )

    @property
    def total(self) -> int:
        """Counts the steps that are known so far; more may follow from what they give."""
        return self.queued + self.running + self.waiting + self.done + self.failed


class DeliveryState(StrEnum):
    """Moves pending → delivered or dead; one that is retried is pending again."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class Subject(StrEnum):
    """Names what a message to a callback is about: the end of a job, or of a sync run."""

    JOB = "job"
    RUN = "run"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Is the message about the end of a job or a run, on its way to the callback; each has one at most.

    ``job`` is the id of either.

    ``attempt`` counts how often it was taken, and is the fencing number of who takes it; ``tries`` counts the same
    since it was last asked for. ``status`` is the last answer's, ``reason`` says in a sentence why there was none, or
    why it is dead.
    """

    job: str
    about: Subject = Subject.JOB
    workspace: str
    url: str
    state: DeliveryState = DeliveryState.PENDING
    attempt: int = 0
    tries: int = 0
    due_at: datetime
    delivered_at: datetime | None = None
    status: int | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class WebhookSecret:
    """Is what a workspace's messages are signed with, as the vault wrote it; from ``expires_at`` on it signs none."""

    workspace: str
    id: str
    sealed: bytes = field(repr=False)
    created_at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class PackFormula:
    """Is one formula of a pack release: its signature, and the limits of a call.

    ``cache_ttl``, ``cache_stale`` (how long a result may be used after that, while another is made) and ``timeout`` are
    seconds, ``attempts`` counts the first try. ``rate_limits`` come on top of the release's own.
    """

    signature: Signature
    cache_ttl: float = 0.0
    cache_stale: float = 0.0
    timeout: float = 30.0
    attempts: int = 4
    rate_limits: tuple[Policy, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PackTable:
    """Is one sync table of a pack release, and the limits of a page.

    ``schema`` is that of its rows as manifests write it, or None where only the service knows: then the table is
    ``dynamic``. ``timeout`` is seconds, ``attempts`` counts the first try.
    """

    name: str
    schema: Mapping[str, Any] | None = None
    dynamic: bool = False
    timeout: float = 60.0
    attempts: int = 4


@dataclass(frozen=True, kw_only=True)
class PackVersion:
    """Is one immutable release of a pack.

    ``authentication`` is the plain-JSON description of how requests are signed, ``base_url`` what relative
    addresses are relative to when the connection names no endpoint of its own. ``rate_limits`` hold where the operator
    says nothing else.
    """

    id: int
    name: str
    version: str
    description: str
    domains: tuple[str, ...]
    formulas: Mapping[str, PackFormula]
    base_url: str = ""
    authentication: Mapping[str, Any] = field(default_factory=dict)
    rate_limits: tuple[Policy, ...] = ()
    tables: Mapping[str, PackTable] = field(default_factory=dict)

    @cached_property
    def acts(self) -> bool:
        """Tells whether it has actions, which change what its other formulas give."""
        return any(formula.signature.action for formula in self.formulas.values())


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
    """Says whether an account can be used; ``refreshing`` and ``expired`` follow from the clock and are never kept."""

    PENDING = "pending"
    ACTIVE = "active"
    REFRESHING = "refreshing"
    EXPIRED = "expired"
    ERROR = "error"
    NEEDS_REAUTH = "needs_reauth"
    REVOKED = "revoked"

    @property
    def usable(self) -> bool:
        """Tells whether calls may be made with it, be it after a refresh: the last one may have failed for a while."""
        return self not in (ConnectionState.PENDING, ConnectionState.NEEDS_REAUTH, ConnectionState.REVOKED)


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Is one connected account; ``sealed`` is its secret as the vault wrote it.

    ``endpoint`` replaces the pack's base URL, for services that people host themselves. ``version`` counts how often
    the secret was changed. ``reason`` says in a word why the state is what it is, ``expires_at`` when its access
    token ends. The rest is about refreshes: who holds the right to one and until when, the digest of the token that
    was last sent and not answered, how many failed in a row, and when the next may be tried.
    """

    id: str
    workspace: str
    pack_id: int
    name: str
    sealed: bytes = field(repr=False)
    endpoint: str = ""
    state: ConnectionState = ConnectionState.ACTIVE
    version: int = 1
    reason: str = ""
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    refresh_owner: str | None = None
    refresh_until: datetime | None = None
    refresh_sent: bytes | None = field(default=None, repr=False)
    refresh_after: datetime | None = None
    failures: int = 0

    def state_at(self, now: datetime) -> ConnectionState:
        """Gives the state as people see it at a time."""
        if not self.state.usable:
            return self.state
        if self.refresh_until is not None and self.refresh_until > now:
            return ConnectionState.REFRESHING
        if self.expires_at is not None and self.expires_at <= now:
            return ConnectionState.EXPIRED
        return self.state


@dataclass(frozen=True, kw_only=True)
class AuditNote:
    """Is what is to be written down about a change: who made it, what it was, and from where."""

    actor: str
    action: str
    at: datetime
    source: str = ""
    remark: str = ""


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """Is one line of a connection's history, numbered from 1; its ``digest`` is over itself and the one before."""

    workspace: str
    connection: str
    number: int
    version: int
    note: AuditNote
    digest: bytes = field(default=b"", repr=False)

    def chained(self, previous: bytes) -> bytes:
        """Gives the digest that the line must have after one with the digest ``previous``."""
        said = self.note
        parts = [previous.hex(), self.workspace, self.connection, self.number, self.version]
        words = [said.at.astimezone(UTC).isoformat(), said.actor, said.action, said.source, said.remark]
        return hashlib.sha256(json.dumps([*parts, *words]).encode()).digest()


@dataclass(frozen=True, kw_only=True)
class OAuthClient:
    """Is what a workspace is to the service of a pack: its client id, and its secret as the vault wrote it."""

    workspace: str
    pack_id: int
    client_id: str
    sealed: bytes = field(repr=False)


class Scope(StrEnum):
    """Names what an API key may do; whatever its scopes, it may read which packs there are."""

    JOBS = "jobs"  # submit, follow and cancel jobs, plan formulas
    CONNECTIONS = "connections"  # connect accounts and list them
    PACKS = "packs"  # publish pack versions
    SYNCS = "syncs"  # make, run and read sync tables


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
    route: Route = Route()
