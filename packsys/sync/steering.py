"""Does with runs and tables what people ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from packsys.errors import Conflict
from packsys.sync.start import ring
from packsys.syncmodel import RunState, SyncRun
from packsys.syncports import SyncDispatcher, SyncRunStore, SyncTableStore


@dataclass(frozen=True, kw_only=True)
class Steer:
    """Steers runs. Every method gives the run as it stands then, and raises NotFound for one that is not there.

    All but ``reset`` raise :class:`~packsys.errors.Conflict` where the run's state does not allow it. ``told`` is
    told of a run that has moved.
    """

    tables: SyncTableStore
    runs: SyncRunStore
    dispatcher: SyncDispatcher
    told: Callable[[str], None] = lambda run: None

    def cancel(self, run: str, *, workspace: str) -> SyncRun:
        """Ends a run; the page that is being read changes nothing any more."""
        return self._move(run, RunState.CANCELLED, workspace)

    def pause(self, run: str, *, workspace: str) -> SyncRun:
        """Stops a run for a while; the page that is being read is read again later."""
        return self._move(run, RunState.PAUSED, workspace)

    def resume(self, run: str, *, workspace: str) -> SyncRun:
        """Lets a run go on where it was: a paused one, and the last one of its table that failed or was cancelled."""
        if self.runs.get(run, workspace=workspace).state is RunState.NEEDS_APPROVAL:
            raise Conflict(f"The sync run {run} waits for approval: approve or refuse what it would delete.")
        return self._move(run, RunState.QUEUED, workspace)

    def approve(self, run: str, *, workspace: str, approved: bool) -> SyncRun:
        """Says of a run that waits for approval whether it may delete what it has not met; it ends then."""
        if self.runs.get(run, workspace=workspace).state is not RunState.NEEDS_APPROVAL:
            raise Conflict(f"The sync run {run} does not wait for approval: look at its state.")
        return self._move(run, RunState.QUEUED, workspace, approved=approved)

    def reset(self, table: str, *, workspace: str) -> None:
        """Ends the run that is under way and has the next one read everything; rows and history stay."""
        self.tables.get(table, workspace=workspace)
        for run in self.runs.of(table, limit=1):
            self.runs.move(run.id, to=RunState.CANCELLED)
        self.tables.reset(table)

    def _move(self, run: str, to: RunState, workspace: str, *, approved: bool | None = None) -> SyncRun:
        before = self.runs.get(run, workspace=workspace)
        if not self.runs.move(run, to=to, approved=approved):
            raise Conflict(f"The sync run {run} is {before.state.replace('_', ' ')}, and cannot be {to} now.")
        self.told(run)
        moved = self.runs.get(run)
        if to is RunState.QUEUED:
            ring(self.dispatcher, moved)
        return moved
