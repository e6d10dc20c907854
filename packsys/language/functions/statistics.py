"""How numbers are spread. They take lists and single values, and skip blanks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from packsys.language.functions.aggregate import numbers
from packsys.language.functions.registry import strict, takes, takes_many
from packsys.language.signature import Kind, Shape
from packsys.values import Value, failure

_NUMBER = Shape(Kind.NUMBER)


@strict(
    "Median",
    "Gives the number in the middle, or the mean of the two there.",
    takes_many("value"),
    examples={"Median(1, 9, 2)": 2, "Median(1, 2, 3, 4)": 2.5},
    result=_NUMBER,
)
def median(*values: Value) -> Value:
    """Sorts and takes the middle."""
    return _between(_some(values), 0.5)


@strict(
    "Mode",
    "Gives the number that comes most often; of several, the first.",
    takes_many("value"),
    examples={"Mode(1, 2, 2, 3)": 2},
    result=_NUMBER,
)
def mode(*values: Value) -> Value:
    """Counts numbers."""
    return Counter(_some(values)).most_common(1)[0][0]


@strict(
    "Percentile",
    "Gives the number below which a fraction of a list lies, between two items where it falls there.",
    takes("list", Kind.LIST),
    takes("fraction", Kind.NUMBER),
    examples={"Percentile(List(1, 2, 3, 4), 0.3)": 1.9},
    result=_NUMBER,
)
def percentile(items: Sequence[Value], fraction: float) -> Value:
    """Looks between the items."""
    if not 0 <= fraction <= 1:
        raise failure("Number", "A fraction is between 0 and 1, or 0% and 100%.")
    return _between(_some(items), fraction)


@strict(
    "Quartile",
    "Gives the number below which so many quarters of a list lie, 0 to 4.",
    takes("list", Kind.LIST),
    takes("quarter", Kind.NUMBER),
    examples={"Quartile(List(7, 8, 9, 10), 1)": 7.75},
    result=_NUMBER,
)
def quartile(items: Sequence[Value], quarter: float) -> Value:
    """Looks between the items."""
    if not 0 <= quarter < 5:
        raise failure("Number", "Quarters are counted from 0 to 4.")
    return _between(_some(items), int(quarter) / 4)


@strict(
    "Variance",
    "Gives the variance of a sample: the squares of the distances to the mean, divided by one less than there are.",
    takes_many("value"),
    examples={"Variance(1, 2, 3, 4, 10, 10)": 16},
    result=_NUMBER,
)
def variance(*values: Value) -> Value:
    """Measures the spread."""
    return _variance(numbers(values))


@strict(
    "StandardDeviation",
    "Gives the standard deviation of a sample: the square root of its variance.",
    takes_many("value"),
    examples={"StandardDeviation(2, 4, 4, 4, 6)": 1.4142135623731},
    result=_NUMBER,
)
def standard_deviation(*values: Value) -> Value:
    """Measures the spread, in the unit of the values."""
    return math.sqrt(_variance(numbers(values)))


@strict(
    "Correlation",
    "Tells how far two lists go together: 1 always, 0 not at all, -1 against each other.",
    takes("listX", Kind.LIST),
    takes("listY", Kind.LIST),
    examples={"Correlation(List(1, 2, 3), List(2, 4, 6))": 1, "Correlation(List(1, 2), List(2, 1))": -1},
    result=_NUMBER,
)
def correlation(one: Sequence[Value], other: Sequence[Value]) -> Value:
    """Reckons Pearson's coefficient."""
    xs, ys = numbers(one), numbers(other)
    if len(xs) != len(ys):
        raise failure("Value", "The lists are not of one length.")
    spread = math.sqrt(_variance(xs) * _variance(ys))
    if spread == 0:
        raise failure("DivideByZero", "All items of a list are equal: there is nothing to go together.")
    x, y = math.fsum(xs) / len(xs), math.fsum(ys) / len(ys)
    return math.fsum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / (len(xs) - 1) / spread


def _some(values: Sequence[Value]) -> list[int | float]:
    found = numbers(values)
    if not found:
        raise failure("Number", "There are no numbers.")
    return found


def _between(items: list[int | float], fraction: float) -> float:
    # Between two items the value moves evenly from one to the other, as PERCENTILE.INC of spreadsheets.
    ordered = sorted(items)
    place = fraction * (len(ordered) - 1)
    below = math.floor(place + 1e-9)  # 0.2 of 5 steps is a little less than one in binary
    rest = max(0.0, place - below)
    if not rest:
        return ordered[below]
    return ordered[below] + (ordered[below + 1] - ordered[below]) * rest


def _variance(items: Sequence[float]) -> float:
    if len(items) < 2:
        raise failure("DivideByZero", "A sample has two numbers at least.")
    mean = math.fsum(items) / len(items)
    return math.fsum((item - mean) ** 2 for item in items) / (len(items) - 1)
