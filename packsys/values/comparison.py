"""When two values are equal, and which comes first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from packsys.values.coercion import wall_clock
from packsys.values.kinds import ErrorValue, Failure, Value, failure, kind_of


def equal(left: Value, right: Value) -> bool:
    """Compares two values: blank equals the empty text, and values of different kinds are never equal.

    Dates and points in time compare by the clock; two points in time that know their zones, by the instant.
    """
    if left is None or right is None:
        return left in (None, "") and right in (None, "")
    if _rank(left) != _rank(right):
        return False
    if isinstance(left, date) and isinstance(right, date):
        return _order_dates(left, right) == 0
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return left == right


def order(left: Value, right: Value) -> int | None:
    """Orders two values: negative, zero, positive, or None when one is blank.

    Numbers, texts (by code point), booleans, dates and durations have an order among themselves. Raises
    :class:`Failure` for values of different kinds.
    """
    for value in (left, right):
        if isinstance(value, ErrorValue):
            raise Failure(value)
    if left is None or right is None:
        return None
    match left, right:
        case (bool(), bool()) | (str(), str()) | (timedelta(), timedelta()):
            return (left > right) - (left < right)  # type: ignore[operator]  # mypy keeps the union of both pairs
        case (date(), date()):
            return _order_dates(left, right)
        case (int() | float(), int() | float()) if not isinstance(left, bool) and not isinstance(right, bool):
            return (left > right) - (left < right)
    raise failure("Value", f"{kind_of(left).capitalize()} and {kind_of(right)} have no order.")


def _rank(value: Value) -> str:
    return "a date" if isinstance(value, date) else kind_of(value)


def _order_dates(left: date, right: date) -> int:
    aware = [isinstance(value, datetime) and value.tzinfo is not None for value in (left, right)]
    if all(aware):
        return (left > right) - (left < right)
    first, second = wall_clock(left), wall_clock(right)
    return (first > second) - (first < second)
