"""Selects among the rows of a sync table in memory."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from packsys.syncmodel import Row
from packsys.syncquery import Column, Compare, Place, RowQuery, Term

_COMPARE: Mapping[Compare, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        Compare.IS: operator.eq,
        Compare.BELOW: operator.lt,
        Compare.MOST: operator.le,
        Compare.ABOVE: operator.gt,
        Compare.LEAST: operator.ge,
    }
)


def select(rows: Sequence[Row], query: RowQuery) -> Sequence[Row]:
    """Gives the rows that a query asks for, in its order."""
    found = [row for row in rows if all(_fits(row, term) for term in query.where)]
    found.sort(key=lambda row: row.key, reverse=query.descending)
    if query.sort is not None:
        column = query.sort
        found = [*_sorted(found, column, descending=query.descending), *(r for r in found if _value(r, column) is None)]
    return tuple(row for row in found if query.after is None or _behind(row, query, query.after))[: query.limit]


def _sorted(rows: Sequence[Row], column: Column, *, descending: bool) -> Sequence[Row]:
    known = [row for row in rows if _value(row, column) is not None]
    return sorted(known, key=lambda row: (_value(row, column), row.key), reverse=descending)


def _behind(row: Row, query: RowQuery, place: Place) -> bool:
    further = operator.lt if query.descending else operator.gt
    value = None if query.sort is None else _value(row, query.sort)
    if value == place.value:
        return bool(further(row.key, place.key))
    return value is None or (place.value is not None and bool(further(value, place.value)))


def _fits(row: Row, term: Term) -> bool:
    value = _value(row, term.column)
    if term.compare is Compare.NOT:
        return bool(value != term.value)
    if value is None or term.value is None:
        return term.compare is Compare.IS and value is term.value
    return _COMPARE[term.compare](value, term.value)


def _value(row: Row, column: Column) -> Any:
    value = row.values.get(column.name)
    if column.numeric:
        return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    return (value if isinstance(value, str) else None if value is None else json.dumps(value)) or None
