"""Writes a query about the rows of a sync table as SQL.

By key it walks an index. By anything else it reads the whole table, and keeps no more rows than it gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Numeric, Select, Text, and_, bindparam, case, cast, func, literal, or_, select

from packsys.store.synctables import sync_row, sync_run, sync_table
from packsys.syncquery import Column, Compare, Place, RowQuery, Term

_KEPT = (
    sync_row.c.row_key,
    sync_row.c.document,
    sync_row.c.notes,
    sync_row.c.version,
    sync_run.c.run_id,
    sync_row.c.page,
    sync_row.c.deleted_at,
)


def selected(table: str, query: RowQuery) -> Select[Any]:
    """Writes a query; it gives the columns that the statement ``rows`` of ``sync.sql`` gives."""
    scope = select(sync_table.c.scope).where(sync_table.c.table_id == table).scalar_subquery()
    asked = select(*_KEPT).join(sync_run, sync_run.c.serial == sync_row.c.serial)
    terms = [sync_row.c.scope == scope, *map(_term, query.where)]
    if not query.deleted:
        terms.append(sync_row.c.deleted_at.is_(None))
    if query.after is not None:
        terms.append(_behind(query, query.after))
    return asked.where(*terms).order_by(*_order(query)).limit(query.limit)


def _value(column: Column) -> ColumnElement[Any]:
    # A value that was kept under an earlier schema need not be of the column's kind: then it is as if blank.
    name = bindparam(None, column.name, type_=Text())
    text = sync_row.c.document.op("->>", return_type=Text())(name)
    if not column.numeric:
        return func.nullif(text, "").collate("C")
    kind = func.jsonb_typeof(sync_row.c.document.op("->")(name))
    return case((kind == "number", cast(text, Numeric())))


def _literal(column: Column, value: str | int | float) -> ColumnElement[Any]:
    # As text, since the driver would send a number as one of limited size, or of limited precision.
    return cast(literal(str(value), Text()), Numeric()) if column.numeric else literal(str(value), Text())


def _term(term: Term) -> ColumnElement[bool]:
    value = _value(term.column)
    if term.value is None:
        return value.is_not(None) if term.compare is Compare.NOT else value.is_(None)
    given = _literal(term.column, term.value)
    match term.compare:
        case Compare.IS:
            return value == given
        case Compare.NOT:
            return value.is_distinct_from(given)
        case Compare.BELOW:
            return value < given
        case Compare.MOST:
            return value <= given
        case Compare.ABOVE:
            return value > given
    return value >= given


def _order(query: RowQuery) -> Iterator[ColumnElement[Any]]:
    if query.sort is not None:
        value = _value(query.sort)
        yield (value.desc() if query.descending else value.asc()).nulls_last()
    yield sync_row.c.row_key.desc() if query.descending else sync_row.c.row_key.asc()


def _behind(query: RowQuery, place: Place) -> ColumnElement[bool]:
    key = sync_row.c.row_key < place.key if query.descending else sync_row.c.row_key > place.key
    if query.sort is None:
        return key
    value = _value(query.sort)
    if place.value is None:
        return and_(value.is_(None), key)
    given = _literal(query.sort, place.value)
    further = value < given if query.descending else value > given
    return or_(further, value.is_(None), and_(value == given, key))
