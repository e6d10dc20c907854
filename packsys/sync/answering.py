"""Answers what formulas ask of synced tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packsys.catalog.manifest import shape_of
from packsys.errors import NeverSynced, NotFound, TableGone, TooMuch
from packsys.language.operators import divide
from packsys.language.scope import KnownTable, same_name
from packsys.sdk import ObjectSchema
from packsys.sync.reading import reading
from packsys.sync.shaping import schema_of
from packsys.syncmodel import SyncTable
from packsys.syncports import RowStore, SyncRunStore, SyncTableStore
from packsys.syncquery import Answer, Question, question
from packsys.values import Value

MOST_ROWS = 5_000
"""Rows that a formula reads at once: as many as an expression goes over (``Budget.width``)."""

MOST_VALUES = 100_000
"""Values of one column that a formula reads at once."""

MOST_BYTES = 16_000_000
"""Bytes of rows, as JSON in UTF-8, that a formula reads at once: a quarter of what the results of a job may take."""


@dataclass(frozen=True, kw_only=True)
class AnswerTables:
    """Knows the instances of a workspace, and asks the store of rows: :class:`~packsys.ports.tables.TableReader`.

    An instance goes by the name that it was given, or else by that of the pack's table. ``most_rows``, ``most_values``
    and ``most_bytes`` bound what one question reads.
    """

    tables: SyncTableStore
    runs: SyncRunStore
    rows: RowStore
    most_rows: int = MOST_ROWS
    most_values: int = MOST_VALUES
    most_bytes: int = MOST_BYTES

    def names(self, *, workspace: str) -> Sequence[str]:
        """Lists the names of a workspace's tables."""
        return [*dict.fromkeys(map(_name, self.tables.list(workspace=workspace)))]

    def by_name(self, name: str, *, workspace: str) -> Sequence[KnownTable]:
        """Finds the tables of a name, whatever its case."""
        return [_known(each) for each in self.tables.list(workspace=workspace) if same_name(_name(each), name)]

    def by_id(self, table: str, *, workspace: str) -> KnownTable | None:
        """Finds a table."""
        try:
            return _known(self.tables.get(table, workspace=workspace))
        except NotFound:
            return None

    def answer(self, arguments: Mapping[str, Value], *, workspace: str) -> Sequence[Value]:
        """Gives the answer in a list, an empty one where only the language can look at the rows."""
        table = self._table(arguments, workspace)
        schema, asked = schema_of(table), question(_query(arguments))
        if not _fits(schema, asked):
            return []
        most = self.most_rows if asked.column is None else self.most_values
        found = self.rows.ask(table.id, asked, most=most + 1, size=self.most_bytes)
        if found.odd or not found.whole:
            return []
        _check(_name(table), asked, found, most=most, size=self.most_bytes)
        return _value(asked, found, schema)

    def _table(self, arguments: Mapping[str, Value], workspace: str) -> SyncTable:
        name = arguments["name"]
        try:
            table = self.tables.get(str(arguments["table"]), workspace=workspace)
        except NotFound:
            raise TableGone(f"The table {name!r} was deleted: sync it again, or name another one.") from None
        if table.schema is None or not self.runs.completed(table.id):
            message = f"The table {_name(table)!r} has never been synced to its end: start a run, or wait for its end."
            raise NeverSynced(message)
        return table


def _name(table: SyncTable) -> str:
    return table.name or table.table


def _known(table: SyncTable) -> KnownTable:
    if table.schema is None:
        return KnownTable(id=table.id, name=_name(table))
    columns = {name: shape_of(each.value_type) for name, each in schema_of(table).properties.items()}
    return KnownTable(id=table.id, name=_name(table), columns=columns)


def _query(arguments: Mapping[str, Value]) -> Mapping[str, Any]:
    query = arguments["query"]
    return query if isinstance(query, Mapping) else {}


def _fits(schema: ObjectSchema, asked: Question) -> bool:
    """Tells whether the columns are still what they were when the formula was bound."""
    kinds = {name: str(each.value_type.kind) for name, each in schema.properties.items()}
    known = asked.column is None or asked.column in kinds
    return known and all(kinds.get(field.name) == field.kept for field in asked.fields)


def _check(name: str, asked: Question, found: Answer, *, most: int, size: int) -> None:
    told = f"The formula is too large. It reads {{}} of the table {name!r}, at most {{}} are allowed: {_PUSHED}"
    if len(found.values) > most:
        left = found.total - asked.begin
        count = left if asked.end is None else min(left, asked.end - asked.begin)
        what = "rows" if asked.column is None else "values"
        raise TooMuch(told.format(f"{count:,} {what}", f"{most:,}"))
    if found.size > size:
        raise TooMuch(told.format(f"{found.size:,} bytes", f"{size:,}"))


_PUSHED = (
    "put Filter, First, Last, Slice or Count right behind the table, or read one column, as in [Table].Name; "
    "a Filter is done by the database where it compares columns with values."
)


def _value(asked: Question, found: Answer, schema: ObjectSchema) -> Sequence[Value]:
    match asked.give:
        case "count":
            return [found.total]
        case "sum":
            return [found.sum]
        case "average":
            return [divide(found.sum, found.known)] if found.known else []
    read = reading(schema)
    column = asked.column
    if column is None:
        rows: list[Value] = [read(each) for each in found.values]
    else:
        rows = [read({column: each})[column] for each in found.values]
    if asked.give == "rows":
        return [rows]
    return [rows[0] if rows else None]
