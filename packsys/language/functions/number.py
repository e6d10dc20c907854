"""Numbers. Aggregates take lists and single values, and skip blanks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from functools import reduce

from packsys.language.coercion import items_of
from packsys.language.functions.registry import may_take, strict, takes, takes_many
from packsys.language.operators import add, divide, multiply, power
from packsys.language.signature import Kind, Shape
from packsys.values import Value, failure, is_blank, number_of, order

_NUMBER = Shape(Kind.NUMBER)
_DIGITS = Context(prec=800)


@strict(
    "Sum",
    "Adds numbers.",
    takes_many("value"),
    examples={"Sum(1, List(2, 3), Blank())": 6, "List(0.1, 0.2).Sum()": 0.3, "Sum()": 0},
    result=_NUMBER,
)
def sum_(*values: Value) -> Value:
    """Adds what there is."""
    return _folded(add, _known(values), 0)


@strict(
    "Product",
    "Multiplies numbers.",
    takes_many("value"),
    examples={"Product(2, 3, 4)": 24},
    result=_NUMBER,
)
def product(*values: Value) -> Value:
    """Multiplies what there is."""
    known = _known(values)
    return _folded(multiply, known, 1) if known else 0


@strict(
    "Average",
    "Gives the mean of numbers.",
    takes_many("value"),
    examples={"Average(1, 2, 6)": 3},
    result=_NUMBER,
    aliases=("Mean",),
)
def average(*values: Value) -> Value:
    """Divides the sum by the count."""
    known = _known(values)
    if not known:
        raise failure("DivideByZero", "There is nothing to take the mean of.")
    return divide(_folded(add, known, None), len(known))


@strict(
    "Min",
    "Gives the smallest of numbers, dates or durations; blank when there is none.",
    takes_many("value"),
    examples={"Min(3, List(1, 2))": 1, "Min()": None},
)
def min_(*values: Value) -> Value:
    """Gives the first in order."""
    return _extreme(values, -1)


@strict(
    "Max",
    "Gives the largest of numbers, dates or durations; blank when there is none.",
    takes_many("value"),
    examples={"Max(3, List(1, 2))": 3},
)
def max_(*values: Value) -> Value:
    """Gives the last in order."""
    return _extreme(values, 1)


@strict(
    "Round",
    "Rounds to a number of decimal places, halves away from zero.",
    takes("number", Kind.NUMBER),
    may_take("places", Kind.NUMBER, default=0),
    examples={"Round(2.5)": 3, "Round(-2.5)": -3, "Round(1.005, 2)": 1.01, "Round(1234, -2)": 1200},
    result=_NUMBER,
)
def round_(number: float, places: float) -> Value:
    """Rounds by decimal digits, as written."""
    return _quantized(number, places, ROUND_HALF_UP)


@strict(
    "Floor",
    "Rounds down to a whole number, or to a multiple of the second one.",
    takes("number", Kind.NUMBER),
    may_take("factor", Kind.NUMBER, default=1),
    examples={"Floor(-1.5)": -2, "Floor(1.58, 0.1)": 1.5},
    result=_NUMBER,
)
def floor(number: float, factor: float) -> Value:
    """Rounds down."""
    if factor == 0:
        raise failure("DivideByZero", "There are no multiples of zero to round to.")
    return _multiple(number, factor, ROUND_FLOOR)


@strict(
    "Ceiling",
    "Rounds up to a whole number, or to a multiple of the second one.",
    takes("number", Kind.NUMBER),
    may_take("factor", Kind.NUMBER, default=1),
    examples={"Ceiling(1.2)": 2, "Ceiling(7.7, 0.24)": 7.92},
    result=_NUMBER,
)
def ceiling(number: float, factor: float) -> Value:
    """Rounds up."""
    return 0 if factor == 0 else _multiple(number, factor, ROUND_CEILING)


@strict(
    "Truncate",
    "Cuts off the decimal places after a number of them.",
    takes("number", Kind.NUMBER),
    may_take("places", Kind.NUMBER, default=0),
    examples={"Truncate(-1.57, 1)": -1.5},
    result=_NUMBER,
)
def truncate(number: float, places: float) -> Value:
    """Rounds towards zero."""
    return _quantized(number, places, ROUND_DOWN)


@strict(
    "AbsoluteValue",
    "Gives a number without its sign.",
    takes("number", Kind.NUMBER),
    examples={"AbsoluteValue(-3)": 3, "Abs(2)": 2},
    result=_NUMBER,
    aliases=("Abs",),
)
def absolute_value(number: float) -> Value:
    """Drops the sign."""
    return abs(number)


@strict(
    "Power",
    "Raises a number to a power, as ^ does.",
    takes("base", Kind.NUMBER),
    takes("exponent", Kind.NUMBER),
    examples={"Power(2, 10)": 1024},
    result=_NUMBER,
)
def power_(base: float, exponent: float) -> Value:
    """Raises a number, unless the result is too large."""
    try:
        return power(base, exponent)
    except OverflowError:
        raise failure("Number", "The result is too large: a formula cannot hold it.") from None


@strict(
    "SquareRoot",
    "Gives the square root of a number that is not negative.",
    takes("number", Kind.NUMBER),
    examples={"SquareRoot(9)": 3},
    result=_NUMBER,
    aliases=("Sqrt",),
)
def square_root(number: float) -> Value:
    """Takes a root."""
    if number < 0:
        raise failure("Number", "A negative number has no square root.")
    return math.sqrt(number)


@strict(
    "Remainder",
    "Gives what remains after a division, with the divisor's sign.",
    takes("number", Kind.NUMBER),
    takes("divisor", Kind.NUMBER),
    examples={"Remainder(7, 3)": 1, "Remainder(-7, 3)": 2},
    result=_NUMBER,
    aliases=("Mod",),
)
def remainder(number: float, divisor: float) -> Value:
    """Divides and keeps the rest."""
    if divisor == 0:
        raise failure("DivideByZero", "A number was divided by zero.")
    return number % divisor


def _known(values: Iterable[Value]) -> list[Value]:
    items = [item for value in values for item in items_of(value) if not is_blank(item)]
    return [item if not isinstance(item, (str, bool)) else number_of(item) for item in items]


def _folded(apply: Callable[[Value, Value], Value], values: Iterable[Value], start: Value) -> Value:
    return reduce(apply, values, start)


def _extreme(values: Sequence[Value], sign: int) -> Value:
    known = _known(values)
    return reduce(lambda best, item: item if (order(item, best) or 0) * sign > 0 else best, known) if known else None


def _quantized(number: float, places: float, rounding: str) -> Value:
    if not -400 <= places <= 400:
        raise failure("Value", "Decimal places are counted from -400 to 400.")
    return _number(_exact(number).quantize(Decimal(1).scaleb(-int(places)), rounding=rounding, context=_DIGITS))


def _multiple(number: float, factor: float, rounding: str) -> Value:
    if number > 0 > factor:
        raise failure("Number", "A positive number has no multiple of a negative one to round to.")
    times = _DIGITS.divide(_exact(number), _exact(factor)).to_integral_value(rounding=rounding)
    return _number(times * _exact(factor))


def _exact(number: float) -> Decimal:
    # A float is taken as it is written: 1.005 is a little less than 1.005 in binary.
    return Decimal(number) if isinstance(number, int) else Decimal(repr(number))


def _number(exact: Decimal) -> Value:
    return int(exact) if exact == exact.to_integral_value() else float(exact)
