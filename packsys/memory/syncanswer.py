"""Answers what formulas ask of the rows of a sync table in memory."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, TypeAlias

from packsys.syncquery import (
    LONGEST,
    Answer,
    Blank,
    Compare,
    Compared,
    Condition,
    Field,
    Flat,
    Holding,
    Joined,
    Kept,
    Not,
    Question,
)
from packsys.values import tidy

_Row: TypeAlias = tuple[str, Mapping[str, Any]]

_COMPARE: Mapping[Compare, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        Compare.IS: operator.eq,
        Compare.NOT: operator.ne,
        Compare.BELOW: operator.lt,
        Compare.MOST: operator.le,
        Compare.ABOVE: operator.gt,
        Compare.LEAST: operator.ge,
    }
)
_HOLDS: Mapping[str, Callable[[str, str], bool]] = MappingProxyType(
    {"contains": operator.contains, "starts": str.startswith, "ends": str.endswith}
)


def answer(rows: Sequence[_Row], asked: Question, *, most: int, size: int) -> Answer:
    """Gives what was asked for; the rows come by key."""
    if any(_odd(values.get(field.name), field.kept) for _, values in rows for field in asked.fields):
        return Answer(odd=True)
    found = [row for row in rows if _holds(asked.where, row[1])]
    if asked.give == "count":
        return Answer(total=len(found))
    if asked.give in ("sum", "average"):
        return _added([values.get(asked.column or "") for _, values in found], len(found))
    return _given(_ordered(found, asked), asked, most=most, size=size)


def _added(values: Sequence[Any], total: int) -> Answer:
    known = [value for value in values if value is not None]
    if not all(isinstance(value, int) for value in known):
        return Answer(total=total, whole=False)
    return Answer(total=total, sum=sum(known), known=len(known))


def _given(rows: Sequence[_Row], asked: Question, *, most: int, size: int) -> Answer:
    cut = [values for _, values in rows[asked.begin : asked.end]][:most]
    values = cut if asked.column is None else [each.get(asked.column) for each in cut]
    bytes_ = sum(len(json.dumps(each, ensure_ascii=False).encode()) for each in values)
    return Answer(total=len(rows), size=bytes_, values=values if bytes_ <= size else ())


def _ordered(rows: Sequence[_Row], asked: Question) -> Sequence[_Row]:
    if asked.sort is not None:
        field = asked.sort
        known = [row for row in rows if not _blank(field, row[1])]
        known.sort(key=lambda row: row[1][field.name], reverse=asked.descending)
        rows = [*known, *(row for row in rows if _blank(field, row[1]))]
    return rows[::-1] if asked.backwards else rows


def _holds(condition: Condition, values: Mapping[str, Any]) -> bool:
    match condition:
        case Flat(truth):
            return truth
        case Blank(field):
            return _blank(field, values)
        case Compared(field, compare, value):
            found = values.get(field.name)
            if found is None:
                return compare is Compare.NOT
            return _COMPARE[compare](found, value)
        case Holding(field, how, text):
            return _HOLDS[how](values.get(field.name) or "", text)
        case Not(inner):
            return not _holds(inner, values)
        case Joined(parts, any=False):
            return all(_holds(part, values) for part in parts)
        case Joined(parts):
            return any(_holds(part, values) for part in parts)


def _blank(field: Field, values: Mapping[str, Any]) -> bool:
    return values.get(field.name) in (None, "")


def _odd(value: Any, kept: Kept) -> bool:
    return value is not None and not _USUAL[kept](value)


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and _instant(value) == value
    except ValueError:
        return False


def _instant(value: str) -> str:
    read = datetime.fromisoformat(value)
    return read.isoformat(timespec="microseconds") if value.endswith("+00:00") else ""


def _is_number(value: Any) -> bool:
    # The language rounds a property to 15 digits; a number that has fewer, or is whole, stays what it is.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and tidy(value) == value


_USUAL: Mapping[Kept, Callable[[Any], bool]] = MappingProxyType(
    {
        Kept.TEXT: lambda value: isinstance(value, str),
        Kept.NUMBER: _is_number,
        Kept.BOOLEAN: lambda value: isinstance(value, bool),
        Kept.DATE: _is_date,
        Kept.DATETIME: _is_moment,
        Kept.DURATION: lambda value: isinstance(value, int) and not isinstance(value, bool) and abs(value) < LONGEST,
    }
)
