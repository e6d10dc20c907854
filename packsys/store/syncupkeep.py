"""Finds runs of sync tables that stand still."""

from __future__ import annotations

from collections.abc import Sequence

from packsys.errors import WorkerLost
from packsys.store.database import Database
from packsys.store.syncqueries import SYNC, run
from packsys.store.upkeep import LIMIT
from packsys.syncmodel import SyncStall
from packsys.values import ErrorValue


class PostgresSyncUpkeep:
    """Looks for runs that stand still in PostgreSQL; rows that another process works on are passed over."""

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def release(self, *, attempts: int) -> Sequence[SyncStall]:
        """Queues the runs whose worker was lost; the ones tried ``attempts`` times fail, and are not listed."""
        terms = {"attempts": attempts, "outcome": ErrorValue.of(WorkerLost.after(attempts)), "limit": LIMIT}
        with self._database.connect() as connection:
            released = map(run, connection.execute(SYNC["lost"], terms).all())
        return tuple(SyncStall(each, "worker.lost") for each in released if not each.state.final)

    def unsent(self, *, grace: float) -> Sequence[SyncStall]:
        """Lists due runs that nobody took, in the order of turns, and marks them as sent now."""
        with self._database.connect() as connection:
            sent = map(run, connection.execute(SYNC["unsent"], {"grace": grace, "limit": LIMIT}).all())
        return tuple(SyncStall(each, f"parked.{each.cause}" if each.cause else "page.untaken") for each in sent)
