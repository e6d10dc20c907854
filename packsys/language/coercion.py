"""How an argument becomes the kind that a parameter takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta

from packsys.language.dates import read_date
from packsys.language.signature import Kind, Shape
from packsys.values import (
    ErrorValue,
    Failure,
    Value,
    failure,
    kind_of,
    number_of,
    text_of,
    truth_of,
    wall_clock,
)

DAY_ZERO = datetime(1899, 12, 30)
"""What the number 0 is as a date, as packs know it."""


def fit(value: Value, shape: Shape) -> Value:
    """Makes a value the kind that is asked for; raises :class:`~packsys.values.Failure` where it cannot be."""
    if shape.kind is Kind.LIST:
        return _list(value, shape.item)
    return _FITS[shape.kind](value)


def items_of(value: Value) -> list[Value]:
    """Reads a value as a list: blank has no items, and a single value is a list of one."""
    match value:
        case None:
            return []
        case list() | tuple():
            return list(value)
        case ErrorValue():
            raise Failure(value)
    return [value]


def date_of(value: Value) -> date:
    """Reads a date from a date, a point in time, a text, or a number of days."""
    moment = datetime_of(value)
    return date(moment.year, moment.month, moment.day)


def datetime_of(value: Value) -> datetime:
    """Reads a point in time from what :func:`date_of` reads; a date is its midnight."""
    match value:
        case datetime():
            return value
        case date():
            return wall_clock(value)
        case str():
            return _parsed(value)
        case int() | float() if not isinstance(value, bool):
            return _counted(value)
        case ErrorValue():
            raise Failure(value)
    raise failure("Value", f"{kind_of(value).capitalize()} cannot be read as a date.")


def duration_of(value: Value) -> timedelta:
    """Reads a duration from a duration or a number of days."""
    if isinstance(value, timedelta):
        return value
    try:
        return timedelta(days=number_of(value))
    except OverflowError:
        raise failure("Value", "The duration is too long.") from None


def first_error(value: Value) -> ErrorValue | None:
    """Finds the leftmost error in a value, whatever it is nested in."""
    match value:
        case ErrorValue():
            return value
        case None | bool() | str() | int() | float():
            return None
        case dict() | Mapping():
            return _first(value.values())
        case list() | tuple():
            return _first(value)
    return None


def _first(values: Iterable[Value]) -> ErrorValue | None:
    return next((error for error in map(first_error, values) if error is not None), None)


def _list(value: Value, item: Shape | None) -> Value:
    items = items_of(value)
    return items if item is None else [None if entry is None else fit(entry, item) for entry in items]


def _object(value: Value) -> Value:
    if isinstance(value, Mapping) or value is None:
        return value
    raise failure("Value", f"{kind_of(value).capitalize()} is not an object.")


def _parsed(text: str) -> datetime:
    found = read_date(text)
    if found is None:
        raise failure("Value", f"The text {text[:40]!r} does not read as a date: write it as 2026-01-31.")
    return found


def _counted(days: int | float) -> datetime:
    try:
        return DAY_ZERO + timedelta(days=days)
    except OverflowError:
        raise failure("Value", "The number is too large for a date.") from None


_FITS: Mapping[Kind, Callable[[Value], Value]] = {
    Kind.ANY: lambda value: value,
    Kind.TEXT: text_of,
    Kind.NUMBER: number_of,
    Kind.BOOLEAN: truth_of,
    Kind.DATE: date_of,
    Kind.DATETIME: datetime_of,
    Kind.DURATION: duration_of,
    Kind.OBJECT: _object,
}
