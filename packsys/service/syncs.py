"""Instances of sync tables over HTTP: make, schedule, rest, reset, preview, end."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, model_validator

from packsys.adapters import new_id
from packsys.model import Scope
from packsys.scheduling.rhythm import LONGEST, SHORTEST, Cron, Every, Rhythm
from packsys.service.auth import Caller, House, keyed_router
from packsys.service.connections import pack_named
from packsys.service.fields import STRICT, Callback, TimeZone, Whole
from packsys.service.problems import declare
from packsys.service.syncviews import (
    PreviewView,
    ScheduleView,
    SyncView,
    counts_view,
    reject_views,
    schedule_view,
    sync_view,
)
from packsys.sync.evolution import Policy
from packsys.sync.instances import Timing
from packsys.syncmodel import Guard, Mode, SyncTable
from packsys.values import from_plain

router = keyed_router(Scope.SYNCS, tag="syncs")

MOST_PREVIEWED = 10
"""Pages that a preview reads while its caller waits."""

_SHOWN = 100

_TWO_RHYTHMS: dict[str, Any] = {
    "properties": {"every": {"type": "number"}, "cron": {"type": "string"}},
    "required": ["every", "cron"],
}

SyncId = Annotated[UUID, Path(description="The id of a sync table of this workspace.")]


class ScheduleRequest(BaseModel):
    """Says when a sync table is synced by itself: `every` so many seconds, or by a line of `cron`, or neither."""

    model_config = STRICT | ConfigDict(json_schema_extra={"not": _TWO_RHYTHMS})

    every: float | None = Field(None, ge=SHORTEST, le=LONGEST, description="Seconds.", examples=[3600])
    cron: str | None = Field(None, max_length=200, description="Minute, hour, day, month, weekday.", examples=[None])
    timezone: TimeZone = "UTC"
    jitter: float = Field(0, ge=0, le=LONGEST, description="Seconds over which schedules of one rhythm are spread.")
    paused: bool = False

    @model_validator(mode="after")
    def one_rhythm(self) -> ScheduleRequest:
        """Refuses two rhythms."""
        if self.every is not None and self.cron is not None:
            raise ValueError("a schedule has 'every' or 'cron', not both")
        return self

    @property
    def timing(self) -> Timing:
        """Gives it as the house takes it."""
        rhythm: Rhythm | None = Every(self.every) if self.every is not None else None
        if self.cron is not None:
            rhythm = Cron(self.cron, self.timezone)
        return Timing(rhythm=rhythm, jitter=self.jitter, paused=self.paused)


class GuardRequest(BaseModel):
    """Says how much evidence it takes to delete rows that a complete run has not met."""

    model_config = STRICT

    rows: Whole = Field(50, ge=0, le=10**9, description="As many may be deleted unasked …")
    share: float = Field(0.1, ge=0, le=1, description="… or this share of the table, whichever is more.")
    strikes: Whole = Field(2, ge=1, le=100, description="Complete runs in a row that must miss a row.")


class SyncRequest(BaseModel):
    """Is an instance of a pack's sync table to make."""

    model_config = STRICT

    pack: str = Field(max_length=200, description="The pack's name or number.", examples=["GitHub"])
    table: str = Field(min_length=1, max_length=200, examples=["Repos"])
    name: str = Field("", max_length=200, examples=["our repositories"])
    version: str = Field("", max_length=100, description="The pack's version; its newest where this is empty.")
    account: UUID | None = Field(None, strict=False, description="The id of the connection to read with.")
    parameters: dict[str, Any] = Field(default_factory=dict, max_length=100, examples=[{"owner": "hereisfun"}])
    dynamic_url: str = Field("", max_length=2_000, description="Which table, of one that stands for several.")
    timezone: TimeZone = "UTC"
    schedule: ScheduleRequest = Field(default_factory=ScheduleRequest)
    guard: GuardRequest = Field(default_factory=GuardRequest)
    policy: Policy = Field(Policy.ADDITIVE, strict=False, description="What becomes of a schema that changes.")
    weight: float = Field(1.0, ge=0.01, le=100, description="The account's share of the workers, beside others'.")
    callback: Callback | None = None
    id: UUID | None = Field(None, strict=False, description="The id to give it; a new one if absent.")


class PreviewRequest(BaseModel):
    """Says what to preview."""

    model_config = STRICT

    mode: Mode = Field(Mode.FULL, strict=False)
    pages: Whole = Field(1, ge=1, le=MOST_PREVIEWED)


@router.post("/syncs", status_code=201, responses=declare(404, 409))
def create_sync(asked: SyncRequest, house: House, key: Caller) -> SyncView:
    """Makes an instance of a pack's sync table, with its own parameters, account, rows and history.

    It is synced when its schedule says so, or when a run is started.
    """
    table = SyncTable(
        id=str(asked.id) if asked.id else new_id(),
        workspace=key.workspace,
        pack_id=pack_named(asked.pack, house).id,
        table=asked.table,
        name=asked.name,
        version=asked.version,
        account=str(asked.account) if asked.account else None,
        parameters={name: from_plain(value) for name, value in asked.parameters.items()},
        dynamic_url=asked.dynamic_url,
        timezone=asked.timezone,
        policy=asked.policy.value,
        guard=Guard(**asked.guard.model_dump()),
        weight=asked.weight,
        callback=asked.callback,
    )
    return sync_view(house.instances.create(table, asked.schedule.timing), house)


@router.get("/syncs")
def list_syncs(house: House, key: Caller) -> list[SyncView]:
    """Lists the sync tables of the workspace, oldest first."""
    return [sync_view(each, house) for each in house.syncs.tables.list(workspace=key.workspace)]


@router.get("/syncs/{sync}", responses=declare(404))
def read_sync(sync: SyncId, house: House, key: Caller) -> SyncView:
    """Gives a sync table with its schedule, its columns and its last run."""
    return sync_view(house.syncs.tables.get(str(sync), workspace=key.workspace), house)


@router.delete("/syncs/{sync}", responses=declare(404))
def delete_sync(sync: SyncId, house: House, key: Caller) -> SyncView:
    """Deletes a sync table with its rows, history and schedule, and shows it as it was."""
    shown = sync_view(house.syncs.tables.get(str(sync), workspace=key.workspace), house)
    house.instances.forget(str(sync), workspace=key.workspace)
    return shown


@router.put("/syncs/{sync}/schedule", responses=declare(404))
def schedule_sync(sync: SyncId, asked: ScheduleRequest, house: House, key: Caller) -> ScheduleView:
    """Says when a sync table is synced from now on; beats know of it within five seconds."""
    return schedule_view(house.instances.schedule(str(sync), asked.timing, workspace=key.workspace))


@router.post("/syncs/{sync}/pause", responses=declare(404))
def pause_sync(sync: SyncId, house: House, key: Caller) -> SyncView:
    """Lets no run start, and the one under way rest; repeating this is harmless."""
    return sync_view(house.instances.pause(str(sync), workspace=key.workspace), house)


@router.post("/syncs/{sync}/resume", responses=declare(404, 409))
def resume_sync(sync: SyncId, house: House, key: Caller) -> SyncView:
    """Lets runs start again, and the one that rests go on where it was."""
    return sync_view(house.instances.resume(str(sync), workspace=key.workspace), house)


@router.post("/syncs/{sync}/reset", responses=declare(404))
def reset_sync(sync: SyncId, house: House, key: Caller) -> SyncView:
    """Ends the run that is under way and has the next one read everything; rows and history stay."""
    house.syncs.steer.reset(str(sync), workspace=key.workspace)
    return read_sync(sync, house, key)


@router.post("/syncs/{sync}/preview", responses=declare(404, 409))
def preview_sync(sync: SyncId, asked: PreviewRequest, house: House, key: Caller) -> PreviewView:
    """Reads some pages as a run would, counts what they would change, and keeps nothing.

    The pack is asked by the service itself, while you wait.
    """
    found = house.syncs.preview(str(sync), workspace=key.workspace, mode=asked.mode, pages=int(asked.pages))
    return PreviewView(
        counts=counts_view(found.counts),
        keys=[row.key for row in found.rows[:_SHOWN]],
        rejects=reject_views(found.rejects[:_SHOWN]),
        pages=found.pages,
        complete=found.complete,
    )
