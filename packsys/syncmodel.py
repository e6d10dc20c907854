"""The nouns of sync tables, as frozen dataclasses, and the states they move through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from packsys.values import ErrorValue, Value


class RunState(StrEnum):
    """Moves queued → running → queued, page by page, to succeeded, failed or cancelled; the last two may be resumed.

    ``waiting`` is parked until a time, with a cause. ``paused`` and ``needs_approval`` wait for a person.
    """

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    NEEDS_APPROVAL = "needs_approval"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Tells whether the run has ended."""
        return self in (RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED)


SIDE_BY_SIDE = 8
"""Partitions of one run that are read at the same time: the others rest, so that no table takes all workers."""


class Phase(StrEnum):
    """Says what a run is at: it reads its pages, and then finishes by looking for what is gone.

    One whose own last page is read, while partitions of it are not, is at those.
    """

    PAGES = "pages"
    PARTITIONS = "partitions"
    FINISH = "finish"


class Mode(StrEnum):
    """Says what a run asks for: everything, or what changed since the last complete run."""

    FULL = "full"
    INCREMENTAL = "incremental"


class Operation(StrEnum):
    """Names what can happen to a row."""

    ADD = "add"
    UPDATE = "update"
    REVIVE = "revive"
    DELETE = "delete"


@dataclass(frozen=True, kw_only=True)
class Guard:
    """Says how much evidence it takes to delete rows that a complete run has not met.

    A run that would delete more than ``rows`` rows and more than the ``share`` of the table needs a person's approval,
    and so does one that found nothing. A row must be missed by ``strikes`` complete runs in a row: a service that pages
    by offset skips rows when others are deleted meanwhile.
    """

    rows: int = 50
    share: float = 0.1
    strikes: int = 2


@dataclass(frozen=True, kw_only=True)
class SyncTable:
    """Is one instance of a pack's sync table: with its own parameters, account, rows and history.

    ``table`` names the table in the pack; without a ``version`` the pack's newest release is asked. ``account`` is the
    id of the connection. ``completion`` is what the last complete run gave, None where the next run must be a full one.
    ``schema`` is the one in force, as manifests write it, once a run has begun, and ``policy`` what becomes of it where
    the service's or the pack's differs (see :class:`packsys.sync.evolution.Policy`). ``schedule`` is the id of the
    schedule that starts it. ``weight`` is its account's share of the workers, beside those of others,
    ``callback`` the address that is told when a run has ended.
    """

    id: str
    workspace: str
    pack_id: int
    table: str
    name: str = ""
    version: str = ""
    account: str | None = None
    parameters: Mapping[str, Value] = field(default_factory=dict)
    dynamic_url: str = ""
    timezone: str = "UTC"
    paused: bool = False
    completion: Mapping[str, Any] | None = None
    schema: Mapping[str, Any] | None = None
    policy: str = "additive"
    guard: Guard = field(default_factory=Guard)
    schedule: str | None = None
    weight: float = 1.0
    callback: str | None = None
    created_at: datetime | None = None

    @property
    def lane(self) -> str:
        """Names whose turn it is when its pages are read: that of an account, or of a workspace with the pack."""
        return f"{self.workspace}/{self.account or self.pack_id}"


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Says what became of rows. Each row that came is added, updated, revived, unchanged, rejected or repeated.

    ``repeated`` rows came again later in the same page, and the last one counts. ``deleted`` and ``missed`` rows did
    not come: they are gone, or have one strike against them.
    """

    rows: int = 0
    added: int = 0
    updated: int = 0
    revived: int = 0
    unchanged: int = 0
    rejected: int = 0
    repeated: int = 0
    deleted: int = 0
    missed: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Adds up, one by one."""
        return Counts(**{name: value + getattr(other, name) for name, value in vars(self).items()})


@dataclass(frozen=True, kw_only=True)
class SyncRun:
    """Is one refresh of one sync table, made of pages.

    ``page`` is the number of the next page, from 0, and so counts those that are kept; ``continuation`` is where it
    begins. ``previous`` is the completion that an incremental run began with, ``completion`` what its last page gave.
    ``incomplete`` says that the pack knows of rows that it did not give, ``approved`` whether the run may delete, where
    that is decided. ``fence`` counts claims, ``tries`` those since a page was last kept, or rows deleted at the finish.
    ``waits`` are seconds by cause. ``error`` is why it failed.

    ``partitions`` are those that its pages have named so far, ``partitions_read`` how many of them have been read to
    their end. ``pages`` counts the pages of all of them and its own. Each of them is claimed as a run is: then
    ``partition`` is its name, and its page, continuation, fence, tries and completions are its own.
    """

    id: str
    table: str
    workspace: str
    mode: Mode = Mode.FULL
    trigger: str = "manual"
    state: RunState = RunState.QUEUED
    phase: Phase = Phase.PAGES
    partition: str = ""
    page: int = 0
    pages: int = 0
    partitions: int = 0
    partitions_read: int = 0
    fence: int = 0
    tries: int = 0
    continuation: Mapping[str, Any] | None = None
    previous: Mapping[str, Any] | None = None
    completion: Mapping[str, Any] | None = None
    incomplete: bool = False
    approved: bool | None = None
    cause: str = ""
    counts: Counts = field(default_factory=Counts)
    waits: Mapping[str, float] = field(default_factory=dict)
    error: ErrorValue | None = None
    queued_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    not_before: datetime | None = None

    @property
    def whole(self) -> str:
        """Gives the id of the run, also where this is one of its partitions."""
        return self.id.partition(":")[0] if self.partition else self.id


MOVES: Mapping[RunState, tuple[RunState, ...]] = MappingProxyType(
    {
        RunState.CANCELLED: tuple(state for state in RunState if not state.final),
        RunState.PAUSED: (RunState.QUEUED, RunState.RUNNING, RunState.WAITING),
        RunState.QUEUED: (RunState.PAUSED, RunState.NEEDS_APPROVAL, RunState.FAILED, RunState.CANCELLED),
    }
)
"""What a person may ask for, and from which states. A run that has ended goes on only where none came after it."""


@dataclass(frozen=True, kw_only=True)
class SyncClaim:
    """Is the right to work on one page, or on the finish, of a run until the lease ends; its number is the fence."""

    run: SyncRun
    table: SyncTable

    @property
    def fence(self) -> int:
        """Is the fencing number: a later claim makes every earlier one write nothing."""
        return self.run.fence

    @property
    def name(self) -> tuple[str, int, int]:
        """Names it among all claims: a crash of the server may give a fence out again, and never for a later page."""
        return self.run.id, self.run.page, self.fence


class NewRow(NamedTuple):
    """Is a row that was checked: its key, its values as JSON text, and the digest by which a change is known.

    ``notes`` are what was changed to make its values fit, as plain JSON by path. It is a tuple because a page has a
    thousand: one is made in a fifth of the time that another class takes.
    """

    key: str
    document: str
    digest: bytes
    notes: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Says why a row was rejected: the path to the value, the rule that it breaks in a word, and a sentence."""

    path: str
    rule: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Reject:
    """Is a row that was set aside, as it came; ``key`` is known where at least that could be read."""

    raw: Mapping[str, Any]
    reasons: Sequence[Reason]
    key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Checked:
    """Is a page's rows after the check."""

    rows: Sequence[NewRow] = ()
    rejects: Sequence[Reject] = ()


@dataclass(frozen=True, kw_only=True)
class PageRows:
    """Is all that one page brings, ready to be kept; None as ``continuation`` says that it is the last one.

    ``deleted`` are keys that the pack knows to be gone. ``partitions`` are where those begin that the page names.
    ``timings`` are seconds by stage, for the ledger.
    """

    rows: Sequence[NewRow] = ()
    rejects: Sequence[Reject] = ()
    deleted: Sequence[str] = ()
    continuation: Mapping[str, Any] | None = None
    completion: Mapping[str, Any] | None = None
    incomplete: bool = False
    partitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Stored:
    """Is what came of a page that was kept: what became of its rows, and how its run goes on.

    ``next`` is the claim on its next page, where that was taken with it. ``due`` are runs, and partitions, that are to
    be rung for.
    """

    counts: Counts
    next: SyncClaim | None = None
    due: Sequence[SyncRun] = ()


def after(run: SyncRun, continuation: Mapping[str, Any] | None) -> SyncRun:
    """Gives a run as it stands after a page of its own, which leads there, as far as that decides what comes next."""
    phase = Phase.FINISH if continuation is None else Phase.PAGES
    return replace(run, page=run.page + 1, phase=phase, state=RunState.QUEUED, continuation=continuation, tries=0)


def going_on(claim: SyncClaim, page: PageRows, stored: Stored, *, phase: Phase, taken: bool) -> Stored:
    """Adds how the run of a claim goes on, which is at a ``phase`` now: its next page is ``taken``, or due."""
    run = replace(after(claim.run, page.continuation), phase=phase, counts=claim.run.counts + stored.counts)
    if taken and page.continuation is not None:
        held = replace(run, state=RunState.RUNNING, fence=run.fence + 1, tries=1)
        return replace(stored, next=replace(claim, run=held))
    if phase is Phase.PARTITIONS or (run.partition and page.continuation is None):
        return stored
    return replace(stored, due=(run, *stored.due))


@dataclass(frozen=True, kw_only=True)
class SyncPage:
    """Is one line of a run's ledger: a page that was kept."""

    run: str
    number: int
    counts: Counts
    at: datetime
    timings: Mapping[str, float] = field(default_factory=dict)


class RunEventKind(StrEnum):
    """Names what can happen to a run: it comes into a state, or a page of it is kept."""

    QUEUED = "run.queued"
    RUNNING = "run.running"
    WAITING = "run.waiting"
    PAUSED = "run.paused"
    NEEDS_APPROVAL = "run.needs_approval"
    SUCCEEDED = "run.succeeded"
    FAILED = "run.failed"
    CANCELLED = "run.cancelled"
    PAGE_KEPT = "page.kept"


@dataclass(frozen=True, kw_only=True)
class RunEvent:
    """Is one transition; ``number`` counts a run's events from 1 without gaps, also when it is resumed."""

    run: str
    number: int
    at: datetime
    kind: RunEventKind
    detail: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Is what a run knows about rows that it has not met.

    ``live`` rows are in the table, ``missing`` of them were not met, ``doomed`` of those were missed often enough.
    ``nameless`` counts rejected rows whose key is unknown: any missing row may be one of them.
    """

    live: int = 0
    missing: int = 0
    doomed: int = 0
    nameless: int = 0


@dataclass(frozen=True, kw_only=True)
class Row:
    """Is a row as it is kept, with the run and the page that wrote it last; ``version`` counts its changes."""

    key: str
    values: Mapping[str, Any]
    version: int
    run: str
    page: int
    deleted_at: datetime | None = None
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Change:
    """Is one line of a table's change feed; numbers follow each other without gaps, in the order of commits."""

    number: int
    key: str
    operation: Operation
    run: str
    page: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """Is a rejected row as it is kept, until it is discarded or replayed."""

    id: int
    reject: Reject
    run: str
    page: int
    at: datetime


@dataclass(frozen=True)
class SyncStall:
    """Is a run that stands still and must be rung for, and why."""

    run: SyncRun
    cause: str
