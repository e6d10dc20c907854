"""Starts a run of a table, and rings for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from packsys.syncmodel import Mode, Phase, SyncRun
from packsys.syncports import SyncDispatcher, SyncRunStore


@dataclass(frozen=True, kw_only=True)
class StartRun:
    """Starts runs; one that is under way is not started a second time."""

    runs: SyncRunStore
    dispatcher: SyncDispatcher
    new_id: Callable[[], str]

    def __call__(
        self, table: str, *, mode: Mode = Mode.INCREMENTAL, trigger: str = "manual", workspace: str = ""
    ) -> SyncRun:
        """Gives the new run, or the one that is under way; a run without a completion to begin with is a full one.

        Raises :class:`~packsys.errors.Conflict` while the table is paused.
        """
        asked = SyncRun(id=self.new_id(), table=table, workspace=workspace, mode=mode, trigger=trigger)
        run = self.runs.start(asked)
        if run.id == asked.id:
            ring(self.dispatcher, run)
        return run


def ring(dispatcher: SyncDispatcher, run: SyncRun) -> None:
    """Rings for what a run is at."""
    match run.phase:
        case Phase.PAGES | Phase.PARTITIONS:  # who is rung for takes what is due, here one of the partitions
            dispatcher.page(run)
        case Phase.FINISH:
            dispatcher.finish(run)
