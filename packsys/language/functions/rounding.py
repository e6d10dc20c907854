"""Rounding, by decimal digits as they are written: 1.005 to two places is 1.01."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, ROUND_UP, Context, Decimal

from packsys.language.functions.registry import may_take, strict, takes
from packsys.language.signature import Kind, Shape
from packsys.values import Value, failure

_NUMBER = Shape(Kind.NUMBER)
_DIGITS = Context(prec=800)


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
    "RoundUp",
    "Rounds to a number of decimal places, away from zero.",
    takes("number", Kind.NUMBER),
    may_take("places", Kind.NUMBER, default=0),
    examples={"RoundUp(1.21, 1)": 1.3, "RoundUp(-1.2)": -2},
    result=_NUMBER,
)
def round_up(number: float, places: float) -> Value:
    """Rounds away from zero."""
    return _quantized(number, places, ROUND_UP)


@strict(
    "RoundDown",
    "Rounds to a number of decimal places, towards zero.",
    takes("number", Kind.NUMBER),
    may_take("places", Kind.NUMBER, default=0),
    examples={"RoundDown(1.29, 1)": 1.2, "RoundDown(-1.8)": -1},
    result=_NUMBER,
)
def round_down(number: float, places: float) -> Value:
    """Rounds towards zero."""
    return _quantized(number, places, ROUND_DOWN)


@strict(
    "RoundTo",
    "Rounds to the nearest multiple of a number, halves away from zero.",
    takes("number", Kind.NUMBER),
    may_take("factor", Kind.NUMBER, default=1),
    examples={"RoundTo(10, 3)": 9, "RoundTo(1.3, 0.2)": 1.4, "RoundTo(-2.5)": -3},
    result=_NUMBER,
)
def round_to(number: float, factor: float) -> Value:
    """Rounds to a multiple."""
    if number * factor < 0 and factor != 1:
        raise failure("Number", "The number and what it is rounded to have different signs.")
    return 0 if factor == 0 else _multiple(number, factor, ROUND_HALF_UP)


@strict(
    "RoundToEven",
    "Rounds away from zero to an even number.",
    takes("number", Kind.NUMBER),
    examples={"RoundToEven(1)": 2, "RoundToEven(-2.1)": -4},
    result=_NUMBER,
)
def round_to_even(number: float) -> Value:
    """Rounds half of the number up."""
    return _multiple(number, 2, ROUND_UP)


@strict(
    "RoundToOdd",
    "Rounds away from zero to an odd number; zero becomes 1.",
    takes("number", Kind.NUMBER),
    examples={"RoundToOdd(2)": 3, "RoundToOdd(-2)": -3},
    result=_NUMBER,
)
def round_to_odd(number: float) -> Value:
    """Rounds to the even number below the odd one."""
    below = math.copysign(2 * math.ceil(max(0, (abs(number) - 1) / 2)), number)
    return int(below + math.copysign(1, number))


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
