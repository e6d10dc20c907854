"""Instances of sync tables, and their runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from packsys.errors import Conflict, NotFound
from packsys.store.database import Database
from packsys.store.syncqueries import SYNC, columns, counts, run, table
from packsys.store.synctables import sync_event, sync_run, sync_table
from packsys.syncmodel import MOVES, RunEvent, RunEventKind, RunState, SyncPage, SyncRun, SyncTable


class PostgresSyncTables:
    """Keeps instances of sync tables in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def add(self, table: SyncTable) -> SyncTable:
        """Keeps a new instance; raises Conflict where its id is taken."""
        kept = insert(sync_table).values(**columns(table), created_at=func.now())
        try:
            with self._database.connect() as connection:
                connection.execute(kept)
        except IntegrityError as error:
            raise Conflict(f"There is a sync table {table.id!r} already: give the new one another id.") from error
        return self.get(table.id)

    def get(self, table: str, *, workspace: str | None = None) -> SyncTable:
        """Finds an instance; raises NotFound when it is absent or another workspace's."""
        asked = select(sync_table).where(sync_table.c.table_id == table)
        with self._database.connect() as connection:
            found = connection.execute(asked).one_or_none()
        if found is None or workspace not in (None, found.workspace):
            raise NotFound(f"There is no sync table {table!r} here: look at its id.")
        return _table(found)

    def list(self, *, workspace: str) -> Sequence[SyncTable]:
        """Lists a workspace's instances, oldest first."""
        asked = select(sync_table).where(sync_table.c.workspace == workspace).order_by(sync_table.c.scope)
        with self._database.connect() as connection:
            return tuple(map(_table, connection.execute(asked)))

    def pause(self, table: str, *, paused: bool) -> None:
        """Lets no run be started any more, or again."""
        with self._database.connect() as connection:
            connection.execute(update(sync_table).where(sync_table.c.table_id == table).values(paused=paused))

    def shape(self, table: str, schema: Mapping[str, Any]) -> None:
        """Keeps the schema that a table has from now on."""
        with self._database.connect() as connection:
            connection.execute(update(sync_table).where(sync_table.c.table_id == table).values(schema=dict(schema)))

    def reset(self, table: str) -> None:
        """Has the next run be a full one."""
        with self._database.connect() as connection:
            connection.execute(update(sync_table).where(sync_table.c.table_id == table).values(last_completion=None))

    def forget(self, table: str) -> bool:
        """Deletes an instance with all its rows and history; False when there is none."""
        terms = {"table_id": table}
        with self._database.begin() as connection:
            connection.execute(SYNC["seize"], terms)
            connection.execute(SYNC["seize_table"], terms)
            return connection.execute(SYNC["forget"], terms).one_or_none() is not None


class PostgresSyncRuns:
    """Keeps runs in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def start(self, run: SyncRun) -> SyncRun:
        """Keeps a new run, or gives back the live one of its table; raises Conflict while the table is paused."""
        terms = {"run_id": run.id, "table_id": run.table, "mode": run.mode, "trigger": run.trigger}
        with self._database.begin() as connection:
            begun = connection.execute(SYNC["start"], terms).one_or_none()
            if begun is not None:
                connection.execute(SYNC["forget_seen"], {"run_id": run.id})
                connection.execute(SYNC["forget_partitions"], {"run_id": run.id})
                connection.execute(SYNC["enter"], {"run_id": run.id, "table_id": run.table})
            live = connection.execute(SYNC["live"], {"table_id": run.table}).one_or_none()
        if live is None:
            raise Conflict("The sync table is paused, or gone: let it go on before you start a run.")
        return self.get(live.run_id)

    def get(self, run: str, *, workspace: str | None = None) -> SyncRun:
        """Finds a run; raises NotFound when it is absent or another workspace's."""
        with self._database.connect() as connection:
            found = connection.execute(SYNC["run"], {"run_id": run}).one_or_none()
        if found is None or workspace not in (None, found.workspace):
            raise NotFound(f"There is no sync run {run!r} here: look at its id.")
        return _run(found)

    def of(self, table: str, *, limit: int = 50) -> Sequence[SyncRun]:
        """Lists a table's runs, the newest first."""
        with self._database.connect() as connection:
            return tuple(map(_run, connection.execute(SYNC["runs"], {"table_id": table, "limit": limit})))

    def completed(self, table: str) -> bool:
        """Tells whether a run of a table has ever come to its end, so that its rows are all there were."""
        scope = select(sync_table.c.scope).where(sync_table.c.table_id == table).scalar_subquery()
        ended = (sync_run.c.state == RunState.SUCCEEDED.value) & (sync_run.c.trigger != "replay")
        with self._database.connect() as connection:
            return bool(connection.scalar(select(exists().where((sync_run.c.scope == scope) & ended))))

    def pages(self, run: str, *, after: int = -1, limit: int = 1000) -> Sequence[SyncPage]:
        """Lists the pages that a run has kept, from behind a number."""
        terms = {"run_id": run, "page": after, "limit": limit}
        with self._database.connect() as connection:
            return tuple(map(_page, connection.execute(SYNC["pages"], terms)))

    def move(self, run: str, *, to: RunState, approved: bool | None = None) -> bool:
        """Does what a person asks for; False, and nothing done, where the run's state does not allow it."""
        terms = {"run_id": run, "state": to, "states": list(MOVES.get(to, ())), "approved": approved}
        try:
            with self._database.connect() as connection:
                return connection.execute(SYNC["move"], terms).one_or_none() is not None
        except IntegrityError:  # another run began at the same moment
            return False


class PostgresSyncEvents:
    """Reads what happened to runs; the triggers of migration 0011 write it."""

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def since(self, run: str, number: int, *, limit: int = 1000) -> Sequence[RunEvent]:
        """Lists a run's events after the given number, oldest first."""
        asked = (
            select(sync_event)
            .join(sync_run, sync_run.c.serial == sync_event.c.serial)
            .where(sync_run.c.run_id == run, sync_event.c.number > number)
            .order_by(sync_event.c.number)
            .limit(limit)
        )
        with self._database.connect() as connection:
            return tuple(_event(run, row) for row in connection.execute(asked))


_table, _run = table, run


def _event(run: str, row: Any) -> RunEvent:
    return RunEvent(run=run, number=row.number, at=row.at, kind=RunEventKind(row.kind), detail=row.detail)


def _page(row: Any) -> SyncPage:
    return SyncPage(run=row.run_id, number=row.page, counts=counts(row), at=row.at, timings=row.timings)
