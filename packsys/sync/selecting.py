"""Reads what people ask of a table's rows: which of them, in which order, page by page."""

from __future__ import annotations

import json
import math
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from packsys.errors import Conflict, RequestError
from packsys.sdk import Kind, ObjectSchema, Property
from packsys.sdk.fitting import Misfit
from packsys.sdk.names import nearest
from packsys.sync.reading import reading
from packsys.sync.shaping import schema_of
from packsys.sync.storing import storing
from packsys.syncmodel import Row, SyncTable
from packsys.syncports import RowStore, SyncTableStore
from packsys.syncquery import Column, Compare, Place, RowQuery, Term
from packsys.values import Value

TERM = "([^=!<>]{1,100})(>=|<=|!=|=|>|<)"
"""How a term begins: a property, and how it is compared. The value follows, as it is, or nothing for a blank."""

_TERM = re.compile(f"{TERM}(.*)", re.DOTALL)
_UNKEPT = re.compile("[\0\ud800-\udfff]")  # rows have U+FFFD there
_NUMERIC = (Kind.NUMBER, Kind.DURATION)
_COMPARABLE = (Kind.TEXT, Kind.BOOLEAN, Kind.DATE, Kind.DATETIME, *_NUMERIC)


@dataclass(frozen=True)
class FoundRow:
    """Is a row, and its values as formulas see them."""

    row: Row
    values: dict[str, Value]


@dataclass(frozen=True)
class Found:
    """Is a page of rows; ``cursor`` is where the next one begins, None after the last."""

    rows: Sequence[FoundRow]
    cursor: str | None


@dataclass(frozen=True)
class SelectRows:
    """Finds rows of a table."""

    tables: SyncTableStore
    rows: RowStore

    def __call__(
        self,
        table: str,
        *,
        workspace: str,
        where: Sequence[str] = (),
        sort: str = "",
        cursor: str | None = None,
        limit: int = 100,
        deleted: bool = False,
    ) -> Found:
        """Finds up to ``limit`` rows that satisfy all terms, such as ``Stars>=5``.

        They are sorted by ``sort``, a property or nothing for the key, backwards with a ``-`` before it. Raises
        :class:`~packsys.errors.NotFound`, :class:`~packsys.errors.RequestError` for terms, orders and cursors that make
        no sense, and :class:`~packsys.errors.Conflict` where terms cannot be understood, because no run has ever begun.
        """
        kept = self.tables.get(table, workspace=workspace)
        if kept.schema is None:
            if where or sort.strip("-"):
                raise Conflict(f"What the rows of {kept.table} look like is not known yet: start a run.")
            return Found((), None)
        query = _query(schema_of(kept), kept, where, sort)
        asked = replace(query, limit=limit + 1, deleted=deleted, after=None if cursor is None else place(cursor, query))
        rows, read = self.rows.find(table, asked), reading(schema_of(kept))
        last = None if len(rows) <= limit else cursor_behind(rows[limit - 1], query)
        return Found([FoundRow(row, read(row.values)) for row in rows[:limit]], last)


def _query(schema: ObjectSchema, table: SyncTable, where: Sequence[str], sort: str) -> RowQuery:
    backwards = sort.startswith("-")
    by = sort.removeprefix("-").strip()
    return RowQuery(
        where=[_term(schema, table, each) for each in where],
        sort=_column(*_property(schema, by)) if by else None,
        descending=backwards,
    )


def _term(schema: ObjectSchema, table: SyncTable, text: str) -> Term:
    parts = _TERM.fullmatch(text)
    if parts is None:
        raise RequestError(f"{text[:100]!r} is no term: write a property, one of = != < <= > >=, and a value.")
    name, declared = _property(schema, parts[1].strip())
    column, compare, given = _column(name, declared), Compare(parts[2]), _UNKEPT.sub("\ufffd", parts[3])
    if not given and compare not in (Compare.IS, Compare.NOT):
        raise RequestError(f"Nothing is above or below a blank: write a value behind {name} {compare}.")
    return Term(column, compare, _value(declared, name, table, given) if given else None)


def _property(schema: ObjectSchema, name: str) -> tuple[str, Property]:
    for known, declared in schema.properties.items():
        if known.casefold() == name.casefold():
            return known, declared
    raise RequestError(f"{schema.name} has no property {name[:100]!r}: {nearest(name[:100], schema.properties)}")


def _column(name: str, declared: Property) -> Column:
    if declared.value_type.kind not in _COMPARABLE:
        raise RequestError(
            f"{name} is {declared.value_type}, which cannot be compared: take a text, a number or a date."
        )
    return Column(name, numeric=declared.value_type.kind in _NUMERIC)


def _value(declared: Property, name: str, table: SyncTable, text: str) -> str | int | float:
    try:
        stored: Any = storing(declared.value_type, name, ZoneInfo(table.timezone))(_number(declared, text), {})
    except Misfit as misfit:
        raise RequestError(f"{name} is compared with {misfit.expected}, but {text[:100]!r} is none.") from None
    return str(stored).lower() if isinstance(stored, bool) else stored


def _number(declared: Property, text: str) -> str | float:
    """Reads the days of a duration, which declared texts cannot be."""
    if declared.value_type.kind is not Kind.DURATION:
        return text
    try:
        return float(text)
    except ValueError:
        return text


def cursor_behind(row: Row, query: RowQuery) -> str:
    """Writes down where the page that ends with a row ends."""
    value = None if query.sort is None else _kept(row.values.get(query.sort.name), query.sort)
    written = json.dumps([_order(query), row.key, value], separators=(",", ":"))
    return urlsafe_b64encode(written.encode()).decode().rstrip("=")


def place(cursor: str, query: RowQuery) -> Place:
    """Reads where a page ended; raises RequestError where it was not a page of this order."""
    try:
        match json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))):
            case [order, str(key), value] if order == _order(query) and _fits(value, query):
                return Place(key, value)
    except (ValueError, RecursionError, OverflowError):
        raise _foreign() from None
    raise _foreign()


def _foreign() -> RequestError:
    return RequestError("The cursor is none of this table in this order: begin at the first page.")


def _order(query: RowQuery) -> str:
    return "-" * query.descending + (query.sort.name if query.sort else "")


def _kept(value: Any, column: Column) -> str | int | float | None:
    if column.numeric:
        return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    return (value if isinstance(value, str) else None if value is None else json.dumps(value)) or None


def _fits(value: Any, query: RowQuery) -> bool:
    if value is None:
        return True
    if query.sort is not None and query.sort.numeric:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return query.sort is not None and isinstance(value, str) and not _UNKEPT.search(value)
