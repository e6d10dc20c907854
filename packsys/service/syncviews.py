"""Describes sync tables as they leave the house."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from packsys.bootstrap import Services
from packsys.runtime import report
from packsys.scheduling.rhythm import Cron, Every
from packsys.scheduling.schedule import Schedule
from packsys.service.views import ErrorView
from packsys.sync.selecting import FoundRow
from packsys.sync.shaping import schema_of
from packsys.syncmodel import Change, Counts, DeadLetter, Mode, Operation, Phase, Reject, RunState, SyncPage, SyncRun
from packsys.syncmodel import SyncTable as Instance
from packsys.values import plain


class ScheduleView(BaseModel):
    """Says when a sync table is synced by itself; without `every` and `cron` it is not."""

    every: float | None = Field(description="Seconds.")
    cron: str | None
    timezone: str
    jitter: float
    paused: bool
    next_due: datetime | None


class ColumnView(BaseModel):
    """Is a property of a table's rows."""

    name: str = Field(examples=["FullName"])
    type: str = Field(examples=["text"])


class CountsView(BaseModel):
    """Says what became of rows; all but `deleted` and `missed` add up to `rows`, which came."""

    rows: int
    added: int
    updated: int
    revived: int
    unchanged: int
    rejected: int
    repeated: int
    deleted: int
    missed: int


class RunEventView(BaseModel):
    """Is one transition of a run; ``number`` counts from 1 without gaps."""

    run: str
    number: int
    at: datetime
    kind: str
    detail: dict[str, Any]


class RunView(BaseModel):
    """Is one refresh of a sync table. ``page`` counts the pages that are kept, ``waits`` the seconds by cause.

    ``cause`` is why it waits, or what it would delete if it were approved. ``seconds`` is the time from its start.
    ``partitions`` are the parts that are read side by side, as far as they are known, ``partitions_read`` those of them
    that are done.
    """

    id: str
    sync: str
    mode: Mode
    trigger: str
    state: RunState
    phase: Phase
    page: int
    partitions: int
    partitions_read: int
    incomplete: bool
    approved: bool | None
    cause: str
    counts: CountsView
    waits: dict[str, float]
    error: ErrorView | None
    queued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    not_before: datetime | None
    seconds: float | None


class PageView(BaseModel):
    """Is a page that was kept; ``timings`` are seconds by stage."""

    number: int
    at: datetime
    counts: CountsView
    timings: dict[str, float]


class SyncView(BaseModel):
    """Is one instance of a pack's sync table. ``columns`` are known once a run has begun."""

    id: str
    name: str
    pack_id: int
    version: str = Field(description="Empty where the newest is asked.")
    table: str
    account: str | None
    parameters: dict[str, Any]
    dynamic_url: str
    timezone: str
    paused: bool
    policy: str
    guard: GuardView
    weight: float
    callback: str | None
    created_at: datetime | None
    columns: list[ColumnView]
    featured: list[str] = Field(description="The columns to show first.")
    schedule: ScheduleView | None
    last_run: RunView | None


class GuardView(BaseModel):
    """Says how much a run may delete unasked, and how many complete runs must miss a row before it does."""

    rows: int
    share: float
    strikes: int


class RowView(BaseModel):
    """Is a row, with the run that wrote it last; ``notes`` say which values came as another kind than they have."""

    key: str
    values: dict[str, Any]
    version: int
    run: str
    deleted_at: datetime | None
    notes: dict[str, str]


class RowsView(BaseModel):
    """Is a page of rows; ``next`` is the cursor of the page that follows, if one does."""

    rows: list[RowView]
    next: str | None


class ChangeView(BaseModel):
    """Is one line of the change feed."""

    number: int
    key: str
    operation: Operation
    run: str
    at: datetime


class ReasonView(BaseModel):
    """Says what is wrong with a row."""

    path: str
    rule: str
    message: str


class RejectView(BaseModel):
    """Is a row that does not fit, as it came."""

    key: str | None
    raw: dict[str, Any]
    reasons: list[ReasonView]


class LetterView(RejectView):
    """Is a row that was set aside, until it is discarded or replayed."""

    id: int
    run: str
    at: datetime


class PreviewView(BaseModel):
    """Is what a run would do, of which nothing was kept. What is gone is not looked for."""

    counts: CountsView
    keys: list[str] = Field(description="The first keys that came, 100 at most.")
    rejects: list[RejectView] = Field(description="The first rows that do not fit, 100 at most.")
    pages: int
    complete: bool = Field(description="Whether these pages were all.")


class CountView(BaseModel):
    """Is a number of rows."""

    count: int


def sync_view(table: Instance, house: Services) -> SyncView:
    """Shows an instance."""
    schedule = house.instances.schedule_of(table)
    runs = house.syncs.runs.of(table.id, limit=1)
    schema = None if table.schema is None else schema_of(table)
    columns = {} if schema is None else {name: str(each.value_type) for name, each in schema.properties.items()}
    first = [] if schema is None else [name for name in (schema.id, schema.display, *schema.featured) if name]
    return SyncView(
        id=table.id,
        name=table.name,
        pack_id=table.pack_id,
        version=table.version,
        table=table.table,
        account=table.account,
        parameters={name: plain(value) for name, value in table.parameters.items()},
        dynamic_url=table.dynamic_url,
        timezone=table.timezone,
        paused=table.paused,
        policy=table.policy,
        guard=GuardView(**asdict(table.guard)),
        weight=table.weight,
        callback=table.callback,
        created_at=table.created_at,
        columns=[ColumnView(name=name, type=kind) for name, kind in columns.items()],
        featured=list(dict.fromkeys(first)),
        schedule=None if schedule is None else schedule_view(schedule),
        last_run=run_view(runs[0]) if runs else None,
    )


def schedule_view(schedule: Schedule) -> ScheduleView:
    """Shows a schedule."""
    rhythm = schedule.rhythm
    return ScheduleView(
        every=rhythm.seconds if isinstance(rhythm, Every) else None,
        cron=rhythm.expression if isinstance(rhythm, Cron) else None,
        timezone=rhythm.timezone if isinstance(rhythm, Cron) else "UTC",
        jitter=schedule.jitter,
        paused=schedule.paused,
        next_due=schedule.next_due,
    )


def run_view(run: SyncRun) -> RunView:
    """Shows a run."""
    seconds = (run.finished_at - run.started_at).total_seconds() if run.finished_at and run.started_at else None
    return RunView(
        id=run.id,
        sync=run.table,
        mode=run.mode,
        trigger=run.trigger,
        state=run.state,
        phase=run.phase,
        page=run.pages,
        partitions=run.partitions,
        partitions_read=run.partitions_read,
        incomplete=run.incomplete,
        approved=run.approved,
        cause=run.cause,
        counts=counts_view(run.counts),
        waits=dict(run.waits),
        error=None if run.error is None else ErrorView(**report.error(run.error)),
        queued_at=run.queued_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        not_before=run.not_before,
        seconds=seconds,
    )


def page_view(page: SyncPage) -> PageView:
    """Shows a page."""
    return PageView(number=page.number, at=page.at, counts=counts_view(page.counts), timings=dict(page.timings))


def counts_view(counts: Counts) -> CountsView:
    """Shows counts."""
    return CountsView(**asdict(counts))


def row_view(found: FoundRow) -> RowView:
    """Shows a row."""
    row = found.row
    return RowView(
        key=row.key,
        values={name: plain(value) for name, value in found.values.items()},
        version=row.version,
        run=row.run,
        deleted_at=row.deleted_at,
        notes=dict(row.notes),
    )


def change_view(change: Change) -> ChangeView:
    """Shows a change."""
    return ChangeView(number=change.number, key=change.key, operation=change.operation, run=change.run, at=change.at)


def reject_views(rejects: Sequence[Reject]) -> list[RejectView]:
    """Shows rows that do not fit."""
    return [RejectView(**_rejected(each)) for each in rejects]


def letter_view(letter: DeadLetter) -> LetterView:
    """Shows a row that was set aside."""
    return LetterView(id=letter.id, run=letter.run, at=letter.at, **_rejected(letter.reject))


def _rejected(reject: Reject) -> dict[str, Any]:
    return {
        "key": reject.key,
        "raw": {str(name): plain(value) for name, value in reject.raw.items()},
        "reasons": [ReasonView(**asdict(each)) for each in reject.reasons],
    }
