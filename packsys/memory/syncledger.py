"""The state that the twins of sync tables share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Any

from packsys.errors import NotFound
from packsys.memory.synctelling import happened
from packsys.syncmodel import (
    Change,
    Counts,
    DeadLetter,
    Mode,
    NewRow,
    Operation,
    PageRows,
    Phase,
    Row,
    RunEvent,
    RunState,
    SyncClaim,
    SyncPage,
    SyncRun,
    SyncTable,
)


@dataclass(kw_only=True)
class RowFile:
    """Holds a row and what only its keeper knows."""

    row: Row
    digest: bytes
    missed_in: str = ""
    strikes: int = 0

    @property
    def live(self) -> bool:
        """Tells whether the row is there."""
        return self.row.deleted_at is None


@dataclass(kw_only=True)
class PartFile:
    """Holds where a partition begins, what it had completed with, and what it completes with."""

    continuation: Mapping[str, Any]
    previous: Mapping[str, Any] | None = None
    completion: Mapping[str, Any] | None = None
    begun: bool = False


@dataclass(kw_only=True, eq=False)
class RunFile:
    """Holds a run, its ledger, what it has met, its partitions, and what only its keeper knows.

    Of a partition ``root`` is the run; those that are being read are ``reading``.
    """

    run: SyncRun
    root: RunFile | None = None
    parts: dict[str, PartFile] = field(default_factory=dict)
    reading: list[RunFile] = field(default_factory=list)
    sent_at: datetime
    sends: int = 0
    lease_until: datetime | None = None
    pages: list[SyncPage] = field(default_factory=list)
    marks: set[str] = field(default_factory=set)
    met: set[str] = field(default_factory=set)
    nameless: int = 0
    told: SyncRun | None = None
    events: list[RunEvent] = field(default_factory=list)

    def tell(self, now: datetime) -> None:
        """Adds an event for what has happened since the last one."""
        before, self.told = self.told, self.run
        if before is not self.run and (found := happened(before, self.run, now)):
            kind, detail = found
            number = len(self.events) + 1
            self.events.append(RunEvent(run=self.run.id, number=number, at=now, kind=kind, detail=detail))

    @property
    def whole(self) -> RunFile:
        """Is the file of the run, also for a partition."""
        return self.root or self

    @property
    def goes_on(self) -> bool:
        """Tells whether nothing but its own state keeps it: the run of a partition does not rest."""
        active = (RunState.QUEUED, RunState.RUNNING, RunState.WAITING)
        return self.root is None or self.root.run.state in active


@dataclass(kw_only=True)
class TableFile:
    """Holds a table, its runs in their order, its rows by key, and what happened to them."""

    table: SyncTable
    swept: str = ""
    parts: dict[str, PartFile] = field(default_factory=dict)
    runs: list[RunFile] = field(default_factory=list)
    rows: dict[str, RowFile] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)

    @property
    def live(self) -> RunFile | None:
        """Is the run that has not ended."""
        return next((file for file in self.runs if not file.run.state.final), None)

    @property
    def open(self) -> list[RunFile]:
        """Lists the live run and the partitions of it that are being read, as far as they have pages or a finish."""
        live = self.live
        found = [live, *live.reading] if live else []
        return [each for each in found if each.run.phase is not Phase.PARTITIONS and each.goes_on]


class SyncLedger:
    """Keeps the files of sync tables under one lock; ``now`` is its clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Takes the clock; the ledger is empty."""
        self.now = now
        self.served: dict[str, float] = {}
        self.letters = 0
        self._files: dict[str, TableFile] = {}
        self._lock = Lock()

    @contextmanager
    def open(self) -> Iterator[dict[str, TableFile]]:
        """Gives the files by table to one thread at a time, and writes down what has happened to runs at the end."""
        with self._lock:
            yield self._files
            for file in self._files.values():
                for held in file.runs:
                    held.tell(self.now())

    def file(self, table: str) -> TableFile:
        """Finds a table's file; raises NotFound."""
        if table not in self._files:
            raise NotFound(f"There is no sync table {table!r} here: look at its id.")
        return self._files[table]

    def run(self, run: str) -> tuple[TableFile, RunFile]:
        """Finds a run's file, and its table's; raises NotFound."""
        for file in self._files.values():
            for whole in file.runs:
                for each in (whole, *whole.reading):
                    if each.run.id == run:
                        return file, each
        raise NotFound(f"There is no sync run {run!r} here: look at its id.")

    def held(self, claim: SyncClaim) -> tuple[TableFile, RunFile] | None:
        """Finds the files of a claim; None when it was lost."""
        try:
            file, held = self.run(claim.run.id)
        except NotFound:
            return None
        place = (RunState.RUNNING, claim.fence, claim.run.page)
        valid = (held.run.state, held.run.fence, held.run.page) == place and held.goes_on
        return (file, held) if valid else None

    def keep(self, file: TableFile, run: SyncRun, page: PageRows) -> Counts:
        """Compares a page with what is kept, keeps what differs, and counts."""
        came = {row.key: row for row in page.rows}
        gone = [key for key in sorted(set(page.deleted) - came.keys()) if key in file.rows and file.rows[key].live]
        kinds = {key: _kind(file.rows.get(key), row) for key, row in came.items()}
        news = {**kinds, **dict.fromkeys(gone, Operation.DELETE)}
        for kind, key in sorted((kind, key) for key, kind in news.items() if kind is not None):
            self._write(file, run, came.get(key), key, kind)
        again = came.keys() | {each.key for each in page.rejects if each.key is not None}
        file.letters = [letter for letter in file.letters if letter.reject.key not in again]
        found = list(kinds.values())
        return Counts(
            rows=len(page.rows) + len(page.rejects),
            added=found.count(Operation.ADD),
            updated=found.count(Operation.UPDATE),
            revived=found.count(Operation.REVIVE),
            unchanged=found.count(None),
            rejected=len(page.rejects),
            repeated=len(page.rows) - len(came),
            deleted=len(gone),
        )

    def meet(self, file: TableFile, held: RunFile, page: PageRows) -> None:
        """Writes down which rows a full run has met, and which rejects may be any."""
        held.nameless += sum(each.key is None for each in page.rejects)
        if held.run.mode is Mode.FULL:
            held.met |= {row.key for row in page.rows} | {each.key for each in page.rejects if each.key is not None}

    def delete(self, file: TableFile, run: SyncRun, key: str) -> None:
        """Marks a row as gone, and tells it."""
        self._write(file, run, None, key, Operation.DELETE)

    def set_aside(self, file: TableFile, run: SyncRun, page: PageRows) -> None:
        """Keeps a page's bad rows."""
        for reject in page.rejects:
            self.letters += 1
            letter = DeadLetter(id=self.letters, reject=reject, run=run.id, page=run.page, at=self.now())
            file.letters.append(letter)

    def _write(self, file: TableFile, run: SyncRun, new: NewRow | None, key: str, kind: Operation) -> None:
        at, kept = self.now(), file.rows.get(key)
        if new is not None:
            row = Row(
                key=key,
                values=json.loads(new.document),
                version=kept.row.version + 1 if kept else 1,
                run=run.id,
                page=run.page,
                notes=dict(new.notes),
            )
            file.rows[key] = replace(kept or RowFile(row=row, digest=b""), row=row, digest=new.digest)
        elif kept is not None:
            kept.row = replace(kept.row, deleted_at=at, version=kept.row.version + 1, run=run.id, page=run.page)
        number = len(file.changes) + 1
        file.changes.append(Change(number=number, key=key, operation=kind, run=run.id, page=run.page, at=at))


def _kind(kept: RowFile | None, came: NewRow) -> Operation | None:
    if kept is None:
        return Operation.ADD
    if not kept.live:
        return Operation.REVIVE
    return None if kept.digest == came.digest else Operation.UPDATE


def mark(continuation: Mapping[str, object]) -> str:
    """Writes a continuation so that equal ones are equal."""
    return json.dumps(continuation, sort_keys=True)
