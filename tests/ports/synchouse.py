"""A house of what keeps sync tables, in memory or real, in which time passes when a test says so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from packsys.memory.syncledger import SyncLedger
from packsys.memory.syncs import MemoryRows, MemorySyncEvents, MemorySyncRuns, MemorySyncTables
from packsys.memory.syncwork import MemorySyncFinish, MemorySyncUpkeep, MemorySyncWork
from packsys.store.database import Database
from packsys.store.syncrows import PostgresRows
from packsys.store.syncruns import PostgresSyncEvents, PostgresSyncRuns, PostgresSyncTables
from packsys.store.syncupkeep import PostgresSyncUpkeep
from packsys.store.syncwork import PostgresSyncFinish, PostgresSyncWork
from packsys.syncmodel import Guard, Mode, NewRow, PageRows, Reason, Reject, Stored, SyncClaim, SyncRun, SyncTable
from packsys.syncports import (
    RowStore,
    SyncEventStore,
    SyncFinishStore,
    SyncRunStore,
    SyncTableStore,
    SyncUpkeepStore,
    SyncWorkStore,
)
from tests.ports.house import Clock, age

_NUMBERS = count(1)


@dataclass(frozen=True, kw_only=True)
class SyncHouse:
    """Is one implementation of every store of sync tables, and ``wait``, which makes seconds pass without waiting."""

    tables: SyncTableStore
    runs: SyncRunStore
    work: SyncWorkStore
    finish: SyncFinishStore
    rows: RowStore
    upkeep: SyncUpkeepStore
    events: SyncEventStore
    wait: Callable[[float], None]

    def table(self, **terms: Any) -> SyncTable:
        """Keeps a new instance."""
        number = next(_NUMBERS)
        asked = {"id": f"table-{number:06}", "workspace": "default", "pack_id": 1013, "table": "Repos", **terms}
        return self.tables.add(SyncTable(**asked))

    def start(self, table: SyncTable, *, mode: Mode = Mode.FULL) -> SyncRun:
        """Starts a run."""
        run = SyncRun(id=f"run-{next(_NUMBERS):06}", table=table.id, workspace=table.workspace, mode=mode)
        return self.runs.start(run)

    def claim(self, run: SyncRun, *, lease: float = 30.0) -> SyncClaim:
        """Claims what a run is at, which must be due."""
        claimed = self.work.claim(run.id, page=self.runs.get(run.id).page, worker="w", lease=lease)
        assert claimed is not None
        return claimed

    def read(self, run: SyncRun, *pages: PageRows) -> SyncRun:
        """Claims and keeps pages, one after the other."""
        for page in pages:
            assert self.work.apply(self.claim(run), page) is not None
        return self.runs.get(run.id)

    def read_partition(self, *pages: PageRows) -> Stored:
        """Claims what is due and keeps pages, one after the other: those of one partition, to its end."""
        due = self.work.turn()
        assert due is not None
        claim = self.work.claim(due[0], page=due[1], worker="w", lease=30)
        for each in pages:
            assert claim is not None
            stored = self.work.apply(claim, each, lease=30)
            assert stored is not None
            claim = stored.next
        return stored

    def conclude(self, run: SyncRun, *, swept: bool = True) -> SyncRun:
        """Finishes a run that has read its pages, deleting what it may."""
        claim = self.claim(run)
        while swept and (found := self.finish.sweep(claim, limit=2)) and found.deleted + found.missed:
            pass
        assert self.finish.conclude(claim, swept=swept)
        return self.runs.get(run.id)

    def sync(self, table: SyncTable, *pages: PageRows, mode: Mode = Mode.FULL) -> SyncRun:
        """Runs a table from its start to its end."""
        run = self.start(table, mode=mode)
        self.read(run, *pages)
        return self.conclude(run)

    def values(self, table: SyncTable) -> dict[str, Mapping[str, Any]]:
        """Gives a table's live rows by key."""
        return {row.key: row.values for row in self.rows.rows(table.id, limit=10**6)}

    def story(self, table: SyncTable) -> list[tuple[str, str]]:
        """Tells what happened to a table's rows."""
        return [(change.operation.value, change.key) for change in self.rows.changes(table.id)]


def row(key: str, value: Any = 0) -> NewRow:
    """Makes a row that was checked."""
    document = json.dumps({"Id": key, "Value": value})
    return NewRow(key=key, document=document, digest=hashlib.blake2b(document.encode(), digest_size=16).digest())


def page(rows: Mapping[str, Any] | None = None, *, leads: Any = None, **terms: Any) -> PageRows:
    """Makes a page of rows by key; ``leads`` is where it goes on, nowhere when it is the last one."""
    made = [row(key, value) for key, value in (rows or {}).items()]
    return PageRows(rows=made, continuation=None if leads is None else {"at": leads}, **terms)


def reject(key: str | None = None) -> Reject:
    """Makes a row to be set aside."""
    return Reject(
        raw={"id": key, "value": "x"}, reasons=(Reason(path="Value", rule="type", message="It is no number."),), key=key
    )


def strict(**terms: Any) -> Guard:
    """Makes a guard that deletes at the first miss."""
    return Guard(strikes=1, **terms)


def syncs_in_memory() -> SyncHouse:
    """Gives the twins, with a clock of their own."""
    clock = Clock()
    ledger = SyncLedger(clock)
    return SyncHouse(
        tables=MemorySyncTables(ledger),
        runs=MemorySyncRuns(ledger),
        work=MemorySyncWork(ledger),
        finish=MemorySyncFinish(ledger),
        rows=MemoryRows(ledger),
        upkeep=MemorySyncUpkeep(ledger),
        events=MemorySyncEvents(ledger),
        wait=clock.wait,
    )


def syncs_in_postgres(database: Database) -> SyncHouse:
    """Gives the real stores. Their clock is the server's, so time passes by making what is kept older."""
    return SyncHouse(
        tables=PostgresSyncTables(database),
        runs=PostgresSyncRuns(database),
        work=PostgresSyncWork(database),
        finish=PostgresSyncFinish(database),
        rows=PostgresRows(database),
        upkeep=PostgresSyncUpkeep(database),
        events=PostgresSyncEvents(database),
        wait=lambda seconds: age(database, seconds),
    )
