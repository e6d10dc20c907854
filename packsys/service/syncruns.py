"""Runs of sync tables over HTTP: start, follow, steer."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from anyio import move_on_after, to_thread
from fastapi import Path, Query
from pydantic import BaseModel, Field

from packsys.model import Scope
from packsys.service.auth import Caller, Draining, House, keyed_router
from packsys.service.fields import LONGEST_WAIT, STRICT
from packsys.service.problems import declare
from packsys.service.syncs import SyncId
from packsys.service.syncviews import PageView, RunView, page_view, run_view
from packsys.service.waiting import bell, heard
from packsys.syncmodel import Mode, RunState, SyncRun

router = keyed_router(Scope.SYNCS, tag="syncs")

RunId = Annotated[UUID, Path(description="The id of a run of this workspace.")]
Wait = Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for the run to end.")]
Limit = Annotated[int, Query(ge=1, le=1_000)]
After = Annotated[int, Query(ge=-1, le=10**9, description="The number of the last page seen.")]


class StartRequest(BaseModel):
    """Says what a run asks for: everything, or what changed since the last complete run."""

    model_config = STRICT

    mode: Mode = Field(Mode.INCREMENTAL, strict=False)


class ApprovalRequest(BaseModel):
    """Says whether a run may delete what it has not met."""

    model_config = STRICT

    approved: bool


@router.post("/syncs/{sync}/runs", status_code=202, responses=declare(404, 409))
def start_run(sync: SyncId, asked: StartRequest, house: House, key: Caller) -> RunView:
    """Starts a run, or gives the one that is under way; where nothing was ever read, it is a full one."""
    house.syncs.tables.get(str(sync), workspace=key.workspace)
    return run_view(house.syncs.start(str(sync), mode=asked.mode, workspace=key.workspace))


@router.get("/syncs/{sync}/runs", responses=declare(404))
def list_runs(sync: SyncId, house: House, key: Caller, limit: Limit = 50) -> list[RunView]:
    """Lists the runs of a sync table, the newest first."""
    house.syncs.tables.get(str(sync), workspace=key.workspace)
    return [run_view(each) for each in house.syncs.runs.of(str(sync), limit=limit)]


@router.get("/sync-runs/{run}", responses=declare(404))
async def read_run(run: RunId, house: House, key: Caller, draining: Draining, wait: Wait = 0) -> RunView:
    """Gives a run, at once or as soon as it has ended, or needs approval."""

    def read() -> SyncRun:
        return house.syncs.runs.get(str(run), workspace=key.workspace)

    found = await to_thread.run_sync(read)
    if not wait or _rests(found):
        return run_view(found)
    with move_on_after(wait):
        async with bell(house.syncs.bells, found.id) as rung:
            while not (_rests(found) or draining()):
                rung.clear()
                found = await to_thread.run_sync(read)
                if not _rests(found):
                    await heard(rung)
    return run_view(found)


@router.get("/sync-runs/{run}/pages", responses=declare(404))
def list_pages(run: RunId, house: House, key: Caller, after: After = -1, limit: Limit = 100) -> list[PageView]:
    """Lists the pages that a run has kept, with what became of their rows and how long each stage took."""
    house.syncs.runs.get(str(run), workspace=key.workspace)
    return [page_view(each) for each in house.syncs.runs.pages(str(run), after=after, limit=limit)]


@router.post("/sync-runs/{run}/pause", responses=declare(404, 409))
def pause_run(run: RunId, house: House, key: Caller) -> RunView:
    """Stops a run for a while; the page that is being read is read again later."""
    return run_view(house.syncs.steer.pause(str(run), workspace=key.workspace))


@router.post("/sync-runs/{run}/resume", responses=declare(404, 409))
def resume_run(run: RunId, house: House, key: Caller) -> RunView:
    """Lets a run go on where it was: a paused one, and the last of its table that failed or was cancelled."""
    return run_view(house.syncs.steer.resume(str(run), workspace=key.workspace))


@router.post("/sync-runs/{run}/cancel", responses=declare(404, 409))
def cancel_run(run: RunId, house: House, key: Caller) -> RunView:
    """Ends a run; the page that is being read changes nothing any more."""
    return run_view(house.syncs.steer.cancel(str(run), workspace=key.workspace))


@router.post("/sync-runs/{run}/approve", responses=declare(404, 409))
def approve_run(run: RunId, asked: ApprovalRequest, house: House, key: Caller) -> RunView:
    """Says of a run that needs approval whether it may delete what it has not met; it ends then."""
    return run_view(house.syncs.steer.approve(str(run), workspace=key.workspace, approved=asked.approved))


def _rests(run: SyncRun) -> bool:
    """Tells whether a run goes on by itself no more."""
    return run.state.final or run.state in (RunState.NEEDS_APPROVAL, RunState.PAUSED)
