"""The twins of what keeps instances of sync tables, their runs and their rows."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from packsys.errors import Conflict, NotFound
from packsys.memory.ledger import settled
from packsys.memory.syncanswer import answer
from packsys.memory.syncledger import RunFile, SyncLedger, TableFile
from packsys.memory.syncselect import select
from packsys.syncmodel import (
    MOVES,
    Change,
    Counts,
    DeadLetter,
    Mode,
    PageRows,
    Phase,
    Row,
    RunEvent,
    RunState,
    SyncPage,
    SyncRun,
    SyncTable,
)
from packsys.syncquery import Answer, Question, RowQuery


class MemorySyncTables:
    """Keeps instances of sync tables in a ledger."""

    def __init__(self, ledger: SyncLedger) -> None:
        """Takes the ledger."""
        self._ledger = ledger

    def add(self, table: SyncTable) -> SyncTable:
        """Keeps a new instance; raises Conflict where its id is taken."""
        with self._ledger.open() as files:
            if table.id in files:
                raise Conflict(f"There is a sync table {table.id!r} already: give the new one another id.")
            parameters = {name: settled(value) for name, value in table.parameters.items()}
            kept = replace(table, parameters=parameters, created_at=self._ledger.now())
            files[table.id] = TableFile(table=kept)
            return kept

    def get(self, table: str, *, workspace: str | None = None) -> SyncTable:
        """Finds an instance; raises NotFound when it is absent or another workspace's."""
        with self._ledger.open():
            found = self._ledger.file(table).table
        if workspace not in (None, found.workspace):
            raise NotFound(f"There is no sync table {table!r} here: look at its id.")
        return found

    def list(self, *, workspace: str) -> Sequence[SyncTable]:
        """Lists a workspace's instances, oldest first."""
        with self._ledger.open() as files:
            return tuple(file.table for file in files.values() if file.table.workspace == workspace)

    def pause(self, table: str, *, paused: bool) -> None:
        """Lets no run be started any more, or again."""
        with self._ledger.open() as files:
            if table in files:
                files[table].table = replace(files[table].table, paused=paused)

    def shape(self, table: str, schema: Mapping[str, Any]) -> None:
        """Keeps the schema that a table has from now on."""
        with self._ledger.open() as files:
            if table in files:
                files[table].table = replace(files[table].table, schema=schema)

    def reset(self, table: str) -> None:
        """Has the next run be a full one."""
        with self._ledger.open() as files:
            if table in files:
                files[table].table = replace(files[table].table, completion=None)

    def forget(self, table: str) -> bool:
        """Deletes an instance with all its rows and history; False when there is none."""
        with self._ledger.open() as files:
            return files.pop(table, None) is not None


class MemorySyncRuns:
    """Keeps runs in a ledger."""

    def __init__(self, ledger: SyncLedger) -> None:
        """Takes the ledger."""
        self._ledger = ledger

    def start(self, run: SyncRun) -> SyncRun:
        """Keeps a new run, or gives back the live one of its table; raises Conflict while the table is paused."""
        with self._ledger.open() as files:
            file = files.get(run.table)
            if file is not None and file.live is not None:
                return file.live.run
            if file is None or file.table.paused:
                raise Conflict("The sync table is paused, or gone: let it go on before you start a run.")
            for ended in file.runs:
                ended.met.clear()
                ended.reading.clear()
            held = RunFile(run=self._begun(file, run), sent_at=self._ledger.now())
            file.runs.append(held)
            self._enter(files.values(), file.table.lane, run.id)
            return held.run

    def get(self, run: str, *, workspace: str | None = None) -> SyncRun:
        """Finds a run; raises NotFound when it is absent or another workspace's."""
        with self._ledger.open():
            found = self._ledger.run(run)[1].run
        if workspace not in (None, found.workspace):
            raise NotFound(f"There is no sync run {run!r} here: look at its id.")
        return found

    def of(self, table: str, *, limit: int = 50) -> Sequence[SyncRun]:
        """Lists a table's runs, the newest first."""
        with self._ledger.open() as files:
            runs = files[table].runs if table in files else []
            return tuple(file.run for file in reversed(runs))[:limit]

    def completed(self, table: str) -> bool:
        """Tells whether a run of a table has ever come to its end, so that its rows are all there were."""
        runs = self.of(table, limit=10**9)
        return any(run.state is RunState.SUCCEEDED and run.trigger != "replay" for run in runs)

    def pages(self, run: str, *, after: int = -1, limit: int = 1000) -> Sequence[SyncPage]:
        """Lists the pages that a run has kept, from behind a number."""
        with self._ledger.open():
            kept = self._ledger.run(run)[1].pages
            return tuple(page for page in kept if page.number > after)[:limit]

    def move(self, run: str, *, to: RunState, approved: bool | None = None) -> bool:
        """Does what a person asks for; False, and nothing done, where the run's state does not allow it."""
        with self._ledger.open():
            try:
                file, held = self._ledger.run(run)
            except NotFound:
                return False
            was = held.run
            if held.root is not None:
                return False
            if was.state not in MOVES.get(to, ()) or (was.state.final and file.runs[-1] is not held):
                return False
            now = self._ledger.now()
            held.run = replace(
                was,
                state=to,
                not_before=None,
                tries=0,
                cause="",
                approved=was.approved if approved is None else approved,
                error=None if to is RunState.QUEUED else was.error,
                finished_at=now if to.final else None,
            )
            held.lease_until, held.sent_at, held.sends = None, now, 0
            return True

    def _begun(self, file: TableFile, run: SyncRun) -> SyncRun:
        known = file.table.completion
        return replace(
            run,
            workspace=file.table.workspace,
            mode=Mode.FULL if known is None else run.mode,
            previous=known if run.mode is Mode.INCREMENTAL else None,
            queued_at=self._ledger.now(),
        )

    def _enter(self, files: Iterable[TableFile], lane: str, run: str) -> None:
        served = self._ledger.served
        others = [served.get(file.table.lane, 0.0) for file in files if file.live and file.live.run.id != run]
        served[lane] = max(served.get(lane, 0.0), min(others, default=0.0))


class MemorySyncEvents:
    """Reads what happened to runs in a ledger."""

    def __init__(self, ledger: SyncLedger) -> None:
        """Takes the ledger."""
        self._ledger = ledger

    def since(self, run: str, number: int, *, limit: int = 1000) -> Sequence[RunEvent]:
        """Lists a run's events after the given number, oldest first."""
        with self._ledger.open():
            try:
                told = self._ledger.run(run)[1].events
            except NotFound:
                return ()
            return tuple(told[number : number + limit])


class MemoryRows:
    """Reads the rows of tables in a ledger."""

    def __init__(self, ledger: SyncLedger) -> None:
        """Takes the ledger."""
        self._ledger = ledger

    def rows(self, table: str, *, after: str = "", limit: int = 100, deleted: bool = False) -> Sequence[Row]:
        """Lists a table's rows by key, from behind one; with ``deleted`` those too that are gone."""
        with self._ledger.open() as files:
            kept = files[table].rows if table in files else {}
            return tuple(kept[key].row for key in sorted(kept) if key > after and (deleted or kept[key].live))[:limit]

    def find(self, table: str, query: RowQuery) -> Sequence[Row]:
        """Lists the rows that a query asks for, in its order."""
        with self._ledger.open() as files:
            kept = files[table].rows.values() if table in files else ()
            return select([file.row for file in kept if query.deleted or file.live], query)

    def ask(self, table: str, question: Question, *, most: int, size: int) -> Answer:
        """Answers a formula from the rows that are there: at most so many, and so many bytes."""
        with self._ledger.open() as files:
            kept = files[table].rows if table in files else {}
            live = [(key, kept[key].row.values) for key in sorted(kept) if kept[key].live]
        return answer(live, question, most=most, size=size)

    def changes(self, table: str, *, after: int = 0, limit: int = 1000) -> Sequence[Change]:
        """Lists what happened to rows after a number. Nothing ever appears behind a number that was read."""
        with self._ledger.open() as files:
            return tuple(files[table].changes[after : after + limit]) if table in files else ()

    def dead_letters(self, table: str, *, after: int = 0, limit: int = 100) -> Sequence[DeadLetter]:
        """Lists the rows that were set aside."""
        with self._ledger.open() as files:
            letters = files[table].letters if table in files else []
            return tuple(letter for letter in letters if letter.id > after)[:limit]

    def discard(self, table: str, letters: Sequence[int]) -> int:
        """Forgets rows that were set aside, and counts them."""
        with self._ledger.open():
            file = self._ledger.file(table)
            before = len(file.letters)
            file.letters = [letter for letter in file.letters if letter.id not in letters]
            return before - len(file.letters)

    def rehearse(self, table: str, page: PageRows) -> Counts:
        """Counts what a page would change by keeping it and taking all of it back."""
        with self._ledger.open():
            file = copy.deepcopy(self._ledger.file(table))
            return self._ledger.keep(file, SyncRun(id="rehearsal", table=table, workspace=""), page)

    def replay(self, table: str, page: PageRows, *, letters: Sequence[int], run: str) -> Counts:
        """Keeps rows that had been set aside, in a run of their own, and forgets their letters."""
        now = self._ledger.now()
        with self._ledger.open() as files:
            file = files.get(table)
            if file is None or file.live is not None:
                raise Conflict("The sync table has a run under way, or is gone: wait until it has ended.")
            begun = SyncRun(id=run, table=table, workspace=file.table.workspace, mode=Mode.INCREMENTAL)
            file.letters = [letter for letter in file.letters if letter.id not in letters]
            counts = self._ledger.keep(file, begun, page)
            self._ledger.set_aside(file, begun, page)
            ledger = SyncPage(run=run, number=0, counts=counts, at=now, timings=dict(page.timings))
            ended = replace(
                begun,
                trigger="replay",
                state=RunState.SUCCEEDED,
                phase=Phase.FINISH,
                page=1,
                counts=counts,
                queued_at=now,
                started_at=now,
                finished_at=now,
            )
            file.runs.append(RunFile(run=ended, sent_at=now, pages=[ledger]))
            return counts
