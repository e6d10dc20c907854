"""One number for many. Aggregates take lists and single values, and skip blanks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from itertools import compress

from packsys.language.coercion import items_of
from packsys.language.functions.registry import strict, takes, takes_many
from packsys.language.operators import add, divide, multiply
from packsys.language.signature import Kind, Shape
from packsys.values import Value, failure, is_blank, number_of, order, truth_of

_NUMBER = Shape(Kind.NUMBER)


@strict(
    "Sum",
    "Adds numbers.",
    takes_many("value"),
    examples={"Sum(1, List(2, 3), Blank())": 6, "List(0.1, 0.2).Sum()": 0.3, "Sum()": 0},
    result=_NUMBER,
)
def sum_(*values: Value) -> Value:
    """Adds what there is."""
    return _folded(add, known(values), 0)


@strict(
    "Product",
    "Multiplies numbers.",
    takes_many("value"),
    examples={"Product(2, 3, 4)": 24},
    result=_NUMBER,
)
def product(*values: Value) -> Value:
    """Multiplies what there is."""
    found = known(values)
    return _folded(multiply, found, 1) if found else 0


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
    return _mean(known(values))


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
    "SumIf",
    "Adds the items of a list for which a condition over CurrentValue holds.",
    takes("list", Kind.LIST),
    takes("condition"),
    binds="condition",
    examples={"List(1, 2, 3).SumIf(CurrentValue > 1)": 5},
    result=_NUMBER,
)
def sum_if(items: Sequence[Value], truths: Sequence[Value]) -> Value:
    """Adds chosen items."""
    return _folded(add, known(compress(items, map(truth_of, truths))), 0)


@strict(
    "AverageIf",
    "Gives the mean of the items of a list for which a condition over CurrentValue holds.",
    takes("list", Kind.LIST),
    takes("condition"),
    binds="condition",
    examples={"List(1, 2, 4).AverageIf(CurrentValue > 1)": 3},
    result=_NUMBER,
)
def average_if(items: Sequence[Value], truths: Sequence[Value]) -> Value:
    """Takes the mean of chosen items."""
    return _mean(known(compress(items, map(truth_of, truths))))


@strict(
    "SumProduct",
    "Multiplies the first items of lists, the second ones and so on, and adds the products.",
    takes_many("list", Kind.LIST),
    examples={"SumProduct(List(1, 2), List(3, 4))": 11},
    result=_NUMBER,
)
def sum_product(*lists: Sequence[Value]) -> Value:
    """Adds products."""
    if len({*map(len, lists)}) > 1:
        raise failure("Value", "The lists are not of one length.")
    return _folded(add, [_folded(multiply, row, 1) for row in zip(*lists, strict=True)], 0)


def known(values: Iterable[Value]) -> list[Value]:
    """Lists what is not blank, the items of lists one by one; texts and booleans are read as numbers."""
    items = [item for value in values for item in items_of(value) if not is_blank(item)]
    return [item if not isinstance(item, (str, bool)) else number_of(item) for item in items]


def numbers(values: Iterable[Value]) -> list[int | float]:
    """Lists what is not blank, as numbers."""
    return [*map(number_of, known(values))]


def _mean(items: Sequence[Value]) -> Value:
    if not items:
        raise failure("DivideByZero", "There is nothing to take the mean of.")
    return divide(_folded(add, items, None), len(items))


def _folded(apply: Callable[[Value, Value], Value], values: Iterable[Value], start: Value) -> Value:
    return reduce(apply, values, start)


def _extreme(values: Sequence[Value], sign: int) -> Value:
    found = known(values)
    return reduce(lambda best, item: item if (order(item, best) or 0) * sign > 0 else best, found) if found else None
