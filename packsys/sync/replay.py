"""Replays rows that were set aside: after the pack, or the schema, was mended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from packsys.errors import Conflict
from packsys.sync.schema import SchemaCheck
from packsys.syncmodel import Counts, PageRows, SyncClaim, SyncRun
from packsys.syncports import RowStore, SyncTableStore


@dataclass(frozen=True, kw_only=True)
class ReplayRows:
    """Checks rows that were set aside against the schema in force, and keeps those that fit now.

    None of them is older than what is kept: a row that is set aside is forgotten when it comes again.
    """

    tables: SyncTableStore
    rows: RowStore
    check: SchemaCheck
    new_id: Callable[[], str]

    def __call__(self, table: str, *, workspace: str, after: int = 0, limit: int = 1000) -> Counts:
        """Replays up to so many letters from behind one; raises NotFound, and Conflict while a run is under way."""
        found = self.tables.get(table, workspace=workspace)
        if found.schema is None:
            raise Conflict(f"The sync table {table} has never been read: start a run.")
        letters = self.rows.dead_letters(table, after=after, limit=limit)
        run = SyncRun(id=self.new_id(), table=table, workspace=workspace)
        checked = self.check(SyncClaim(run=run, table=found), [dict(letter.reject.raw) for letter in letters])
        page = PageRows(rows=checked.rows, rejects=checked.rejects)
        return self.rows.replay(table, page, letters=[letter.id for letter in letters], run=run.id)
