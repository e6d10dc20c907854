"""What the operators reckon.

Blank is the identity of an operator (``blank + 1`` is 1). ``+`` joins when a side is a text; days move dates.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from packsys.language.bounds import check_length
from packsys.values import MAX_BITS, ErrorValue, Failure, Value, equal, failure, number_of, order, text_of, tidy


def apply(sign: str, left: Value, right: Value) -> Value:
    """Applies a binary operator; raises :class:`~packsys.values.Failure` where there is no result."""
    return _BINARY[sign](left, right)


def negate(value: Value) -> Value:
    """Gives the opposite of a number or a duration."""
    return -value if isinstance(value, timedelta) else -number_of(value)


def too_large() -> Failure:
    """Makes the failure of a computation whose result is beyond all numbers."""
    return failure("Number", "The result is too large: a formula cannot hold it.")


def no_quotient() -> Failure:
    """Makes the failure of a division by zero."""
    return failure("DivideByZero", "A number was divided by zero.")


def join(*parts: Value) -> str:
    """Joins values as texts."""
    texts = [text_of(part) for part in parts]
    check_length(sum(map(len, texts)))
    return "".join(texts)


def add(left: Value, right: Value) -> Value:
    """Adds numbers and durations, moves dates, and joins when a side is a text."""
    if left is None or right is None:
        return _other(left, right)
    if isinstance(left, str) or isinstance(right, str):
        return join(left, right)
    if isinstance(right, date):
        left, right = right, left
    if isinstance(left, date) and not isinstance(right, date):
        return _moved(left, _days(right))
    if isinstance(left, timedelta) or isinstance(right, timedelta):
        return _days(left) + _days(right)
    return tidy(number_of(left) + number_of(right))


def subtract(left: Value, right: Value) -> Value:
    """Subtracts numbers and durations, moves dates back, and gives the duration between two dates."""
    if right is None:
        return left
    if isinstance(left, date):
        return _between(left, right) if isinstance(right, date) else _moved(left, -_days(right))
    if isinstance(left, timedelta) or isinstance(right, timedelta):
        return _days(left) - _days(right)
    return tidy(number_of(left) - number_of(right))


def multiply(left: Value, right: Value) -> Value:
    """Multiplies numbers, and a duration by a number."""
    if left is None or right is None:
        return _other(left, right)
    if isinstance(right, timedelta):
        left, right = right, left
    if isinstance(left, timedelta):
        return left * number_of(right)
    return tidy(number_of(left) * number_of(right))


def divide(left: Value, right: Value) -> Value:
    """Divides numbers, a duration by a number, and a duration by a duration."""
    if left is None or right is None:
        return _other(left, right)
    divisor = number_of(right)
    if divisor == 0:
        raise no_quotient()
    if isinstance(left, timedelta) and not isinstance(right, timedelta):
        return left / divisor
    return _quotient(number_of(left), divisor)


def power(left: Value, right: Value) -> Value:
    """Raises a number to a power, unless the result is no number or larger than a formula can hold."""
    if left is None or right is None:
        return _other(left, right)
    base, exponent = number_of(left), number_of(right)
    if base == 0 and exponent <= 0:
        raise failure("Number", "Zero was raised to a power that is not positive.")
    if base < 0 and exponent != int(exponent):
        raise failure("Number", "A negative number was raised to a power that is not whole.")
    return tidy(_whole_power(base, exponent) if _is_whole(base, exponent) else float(base) ** float(exponent))


def _is_whole(base: int | float, exponent: int | float) -> bool:
    return isinstance(base, int) and isinstance(exponent, int) and exponent >= 0


def _whole_power(base: int | float, exponent: int | float) -> int | float:
    # The size is known before the work is done: 10^10^10 must not be reckoned.
    if abs(base) > 1 and (int(base).bit_length() - 1) * exponent > MAX_BITS:
        raise OverflowError
    return base ** int(exponent)


def _quotient(left: int | float, right: int | float) -> int | float:
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        return left // right
    return tidy(left / right)


def _other(left: Value, right: Value) -> Value:
    for value in (left, right):
        if isinstance(value, ErrorValue):
            raise Failure(value)
    return right if left is None else left


def _days(value: Value) -> timedelta:
    return value if isinstance(value, timedelta) else timedelta(days=number_of(value))


def _moved(day: date, by: timedelta) -> date:
    if not isinstance(day, datetime) and by % timedelta(days=1):
        return datetime(day.year, day.month, day.day) + by
    return day + by


def _between(left: date, right: date) -> timedelta:
    zones = [value.tzinfo if isinstance(value, datetime) else None for value in (left, right)]
    moments = [
        value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        for value in (left, right)
    ]
    first, second = moments if all(zones) else [moment.replace(tzinfo=None) for moment in moments]
    return first - second


def _compared(test: Callable[[int, int], bool]) -> Callable[[Value, Value], Value]:
    def compare(left: Value, right: Value) -> Value:
        found = order(left, right)
        return found is not None and test(found, 0)

    return compare


def _safely(compute: Callable[[Value, Value], Value]) -> Callable[[Value, Value], Value]:
    def safe(left: Value, right: Value) -> Value:
        try:
            return compute(left, right)
        except OverflowError:
            raise too_large() from None

    return safe


_BINARY: Mapping[str, Callable[[Value, Value], Value]] = {
    "+": _safely(add),
    "-": _safely(subtract),
    "*": _safely(multiply),
    "/": _safely(divide),
    "^": _safely(power),
    "=": equal,
    "!=": lambda left, right: not equal(left, right),
    "<": _compared(operator.lt),
    "<=": _compared(operator.le),
    ">": _compared(operator.gt),
    ">=": _compared(operator.ge),
}
