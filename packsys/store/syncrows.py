"""Rows of sync tables, what happened to them, and what was set aside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from packsys.errors import Conflict
from packsys.store.database import Database
from packsys.store.staging import driver, keep, reject
from packsys.store.syncanswer import answer
from packsys.store.syncqueries import SYNC
from packsys.store.syncselect import selected
from packsys.syncmodel import Change, Counts, DeadLetter, Operation, PageRows, Reason, Reject
from packsys.syncmodel import Row as KeptRow
from packsys.syncquery import Answer, Question, RowQuery


class PostgresRows:
    """Reads the rows of tables in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def rows(self, table: str, *, after: str = "", limit: int = 100, deleted: bool = False) -> Sequence[KeptRow]:
        """Lists a table's rows by key, from behind one; with ``deleted`` those too that are gone."""
        terms = {"table_id": table, "row_key": after, "everything": deleted, "limit": limit}
        return tuple(map(_row, self._all("rows", terms)))

    def find(self, table: str, query: RowQuery) -> Sequence[KeptRow]:
        """Lists the rows that a query asks for, in its order."""
        with self._database.connect() as connection:
            return tuple(map(_row, connection.execute(selected(table, query))))

    def ask(self, table: str, question: Question, *, most: int, size: int) -> Answer:
        """Answers a formula from the rows that are there, all at one moment: at most so many, and so many bytes.

        Raises TooMuch where it takes too long.
        """
        with self._database.connect() as connection:
            return answer(connection, table, question, most=most, size=size)

    def changes(self, table: str, *, after: int = 0, limit: int = 1000) -> Sequence[Change]:
        """Lists what happened to rows after a number. Nothing ever appears behind a number that was read."""
        return tuple(map(_change, self._all("changes", {"table_id": table, "change": after, "limit": limit})))

    def dead_letters(self, table: str, *, after: int = 0, limit: int = 100) -> Sequence[DeadLetter]:
        """Lists the rows that were set aside."""
        return tuple(map(_letter, self._all("dead_letters", {"table_id": table, "letter": after, "limit": limit})))

    def discard(self, table: str, letters: Sequence[int]) -> int:
        """Forgets rows that were set aside, and counts them."""
        return len(self._all("discard", {"table_id": table, "counted": list(letters)}))

    def rehearse(self, table: str, page: PageRows) -> Counts:
        """Counts what a page would change by keeping it and taking all of it back."""
        with self._database.rehearse() as connection:
            place = _beside(connection, table, run=f"rehearsal of {table}", trigger="preview", everything=True)
            return keep(driver(connection), place, page)

    def replay(self, table: str, page: PageRows, *, letters: Sequence[int], run: str) -> Counts:
        """Keeps rows that had been set aside, in a run of their own, and forgets their letters."""
        with self._database.begin() as connection:
            place = _beside(connection, table, run=run, trigger="replay", everything=False)
            connection.execute(SYNC["discard"], {"table_id": table, "counted": list(letters)})
            counts = keep(driver(connection), place, page)
            reject(driver(connection), place, page)
        return counts

    def _all(self, query: str, terms: dict[str, Any]) -> Sequence[Row[Any]]:
        with self._database.connect() as connection:
            return connection.execute(SYNC[query], terms).all()


def _beside(connection: Connection, table: str, *, run: str, trigger: str, everything: bool) -> Row[Any]:
    terms = {"table_id": table, "run_id": run, "trigger": trigger, "everything": everything}
    found = connection.execute(SYNC["beside"], terms).one_or_none()
    if found is None:
        raise Conflict("The sync table has a run under way, or is gone: wait until it has ended.")
    return found


def _row(row: Row[Any]) -> KeptRow:
    return KeptRow(
        key=row.row_key,
        values=row.document,
        version=row.version,
        run=row.run_id,
        page=row.page,
        deleted_at=row.deleted_at,
        notes=row.notes or {},
    )


def _change(row: Row[Any]) -> Change:
    return Change(
        number=row.change,
        key=row.row_key,
        operation=Operation(row.operation),
        run=row.run_id,
        page=row.page,
        at=row.at,
    )


def _letter(row: Row[Any]) -> DeadLetter:
    reasons = tuple(Reason(**reason) for reason in row.reasons)
    rejected = Reject(raw=row.raw, reasons=reasons, key=row.row_key)
    return DeadLetter(id=row.letter, reject=rejected, run=row.run_id, page=row.page, at=row.at)
