"""Lists and objects. Positions count from 1."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cmp_to_key
from itertools import compress

from packsys.language.bounds import too_much
from packsys.language.coercion import items_of
from packsys.language.functions.registry import (
    first_item,
    first_list,
    list_of_last,
    may_take,
    same,
    strict,
    takes,
    takes_many,
)
from packsys.language.limits import MAX_WEIGHT
from packsys.language.operators import join
from packsys.language.signature import Kind, Shape
from packsys.values import Value, canonical, equal, failure, is_blank, order, truth_of

_NUMBER, _TEXT, _BOOLEAN, _LIST = Shape(Kind.NUMBER), Shape(Kind.TEXT), Shape(Kind.BOOLEAN), Shape(Kind.LIST)


@strict(
    "List",
    "Makes a list of its arguments.",
    takes_many("value"),
    examples={"List(1, 2)": [1, 2], "List()": []},
    result=lambda shapes: Shape(Kind.LIST, item=same(0)(shapes)),
)
def list_(*values: Value) -> Value:
    """Makes a list."""
    return [*values]


@strict(
    "ListCombine",
    "Makes one list of lists and single values.",
    takes_many("value"),
    examples={"ListCombine(List(1, 2), 3)": [1, 2, 3]},
    result=_LIST,
)
def list_combine(*values: Value) -> Value:
    """Joins lists."""
    return [item for value in values for item in items_of(value)]


@strict(
    "Sequence",
    "Lists the numbers from one to another, in steps of 1 or of the third argument.",
    takes("from", Kind.NUMBER),
    takes("to", Kind.NUMBER),
    may_take("by", Kind.NUMBER, default=1),
    examples={"Sequence(1, 4)": [1, 2, 3, 4], "Sequence(10, 0, -5)": [10, 5, 0]},
    result=Shape(Kind.LIST, item=_NUMBER),
)
def sequence(start: float, stop: float, step: float) -> Value:
    """Counts from a number to another."""
    if step == 0:
        raise failure("Value", "A sequence cannot go on in steps of 0.")
    count = int((stop - start) / step) + 1 if (stop - start) / step >= 0 else 0
    if count > MAX_WEIGHT:
        raise too_much("The sequence has too many numbers", count, MAX_WEIGHT)
    return [start + index * step for index in range(count)]


@strict(
    "First",
    "Gives the first item of a list, blank when it has none.",
    takes("list", Kind.LIST),
    examples={"First(List(7, 8))": 7, "List().First()": None},
    result=first_item,
)
def first(items: Sequence[Value]) -> Value:
    """Gives the first item."""
    return items[0] if items else None


@strict(
    "Last",
    "Gives the last item of a list, blank when it has none.",
    takes("list", Kind.LIST),
    examples={"Last(List(7, 8))": 8},
    result=first_item,
)
def last(items: Sequence[Value]) -> Value:
    """Gives the last item."""
    return items[-1] if items else None


@strict(
    "Nth",
    "Gives the item at a position, blank when there is none; -1 is the last.",
    takes("list", Kind.LIST),
    takes("position", Kind.NUMBER),
    examples={"List(7, 8).Nth(2)": 8, "List(7, 8).Nth(-1)": 8, "List(7).Nth(5)": None},
    result=first_item,
)
def nth(items: Sequence[Value], position: float) -> Value:
    """Gives one item."""
    index = int(position) - (1 if position > 0 else 0)
    return items[index] if position and -len(items) <= index < len(items) else None


@strict(
    "Slice",
    "Gives the items from a position to another, both included.",
    takes("list", Kind.LIST),
    takes("start", Kind.NUMBER),
    may_take("end", Kind.NUMBER, default=-1),
    examples={
        "List(1, 2, 3, 4).Slice(2, 3)": [2, 3],
        "List(1, 2, 3).Slice(2)": [2, 3],
        "List(1, 2, 3).Slice(-2)": [2, 3],
    },
    result=first_list,
)
def slice_(items: Sequence[Value], start: float, end: float) -> Value:
    """Gives some items."""
    begin = int(start) - 1 if start > 0 else len(items) + int(start) if start else 0
    stop = int(end) if end >= 0 else len(items) + int(end) + 1
    return [*items[max(0, begin) : max(0, stop)]]


@strict(
    "Count",
    "Counts the items of a list that are not blank.",
    takes("list", Kind.LIST),
    examples={'List(1, "", 3).Count()': 2},
    result=_NUMBER,
)
def count(items: Sequence[Value]) -> Value:
    """Counts items that are something."""
    return sum(not is_blank(item) for item in items)


@strict(
    "CountAll",
    "Counts the items of a list, blank ones too.",
    takes("list", Kind.LIST),
    examples={'List(1, "", 3).CountAll()': 3},
    result=_NUMBER,
)
def count_all(items: Sequence[Value]) -> Value:
    """Counts all items."""
    return len(items)


@strict(
    "CountIf",
    "Counts the items for which a condition over CurrentValue holds.",
    takes("list", Kind.LIST),
    takes("condition"),
    binds="condition",
    examples={"List(1, 2, 3).CountIf(CurrentValue > 1)": 2},
    result=_NUMBER,
)
def count_if(items: Sequence[Value], truths: Sequence[Value]) -> Value:
    """Counts chosen items."""
    return sum(truth_of(truth) for truth in truths)


@strict(
    "Filter",
    "Keeps the items for which a condition over CurrentValue holds.",
    takes("list", Kind.LIST),
    takes("condition"),
    binds="condition",
    examples={"List(1, 2, 3).Filter(CurrentValue > 1)": [2, 3]},
    result=first_list,
)
def filter_(items: Sequence[Value], truths: Sequence[Value]) -> Value:
    """Keeps chosen items."""
    return list(compress(items, map(truth_of, truths)))


@strict(
    "FormulaMap",
    "Lists an expression's value for each item, which is CurrentValue in it; an error stands at its item's place.",
    takes("list", Kind.LIST),
    takes("expression"),
    binds="expression",
    aliases=("ForEach",),
    examples={"List(1, 2).FormulaMap(CurrentValue * 10)": [10, 20], "ForEach(List(), 1)": []},
    result=list_of_last,
)
def formula_map(items: Sequence[Value], results: Sequence[Value]) -> Value:
    """Gives the results."""
    return [*results]


@strict(
    "Any",
    "Tells whether a condition over CurrentValue holds for an item; without one, whether an item is true.",
    takes("list", Kind.LIST),
    may_take("condition"),
    binds="condition",
    examples={"List(1, 2).Any(CurrentValue > 1)": True, "List().Any(true)": False},
    result=_BOOLEAN,
)
def any_(items: Sequence[Value], truths: Sequence[Value] | None) -> Value:
    """Looks for one that holds."""
    return any(map(truth_of, items if truths is None else truths))


@strict(
    "All",
    "Tells whether a condition over CurrentValue holds for all items; without one, whether all items are true.",
    takes("list", Kind.LIST),
    may_take("condition"),
    binds="condition",
    examples={"List(1, 2).All(CurrentValue > 1)": False, "List().All(false)": True},
    result=_BOOLEAN,
)
def all_(items: Sequence[Value], truths: Sequence[Value] | None) -> Value:
    """Looks for one that does not hold."""
    return all(map(truth_of, items if truths is None else truths))


@strict(
    "Sort",
    "Sorts a list, upwards unless told otherwise, by the items or by an expression over CurrentValue; blanks last.",
    takes("list", Kind.LIST),
    may_take("ascending", Kind.BOOLEAN, default=True),
    may_take("by"),
    binds="by",
    examples={
        "List(3, 1, 2).Sort()": [1, 2, 3],
        "List(3, 1, 2).Sort(false)": [3, 2, 1],
        "List(1, 2, 3).Sort(by: -CurrentValue)": [3, 2, 1],
    },
    result=first_list,
)
def sort(items: Sequence[Value], ascending: bool, keys: Sequence[Value] | None) -> Value:
    """Sorts items; equal ones keep their places."""
    pairs = list(zip(items if keys is None else keys, items, strict=True))
    whole = [pair for pair in pairs if not is_blank(pair[0])]
    whole.sort(key=cmp_to_key(_order_pairs), reverse=not ascending)
    return [item for _, item in whole] + [item for key, item in pairs if is_blank(key)]


def _order_pairs(left: tuple[Value, Value], right: tuple[Value, Value]) -> int:
    return order(left[0], right[0]) or 0


@strict(
    "Reverse",
    "Gives a list from its end.",
    takes("list", Kind.LIST),
    examples={"List(1, 2).Reverse()": [2, 1]},
    result=first_list,
)
def reverse(items: Sequence[Value]) -> Value:
    """Turns a list round."""
    return [*reversed(items)]


@strict(
    "Unique",
    "Keeps the first of equal items.",
    takes("list", Kind.LIST),
    examples={"List(1, 2, 1.0).Unique()": [1, 2]},
    result=first_list,
)
def unique(items: Sequence[Value]) -> Value:
    """Drops repetitions."""
    first_of: dict[bytes, Value] = {}
    for item in items:
        first_of.setdefault(canonical(item), item)
    return [*first_of.values()]


@strict(
    "Contains",
    "Tells whether a list has one of the values.",
    takes("list", Kind.LIST),
    takes_many("value"),
    examples={"List(1, 2).Contains(2)": True, "List(1, 2).Contains(3, 4)": False},
    result=_BOOLEAN,
)
def contains(items: Sequence[Value], *values: Value) -> Value:
    """Looks for values."""
    return any(equal(item, value) for value in values for item in items)


@strict(
    "In",
    "Tells whether a value is in a list.",
    takes("value"),
    takes("list", Kind.LIST),
    examples={"In(2, List(1, 2))": True},
    result=_BOOLEAN,
)
def in_(value: Value, items: Sequence[Value]) -> Value:
    """Looks for one value."""
    return any(equal(item, value) for item in items)


@strict(
    "Join",
    "Joins the items of a list as texts, with a delimiter between them.",
    takes("list", Kind.LIST),
    may_take("delimiter", Kind.TEXT, default=""),
    examples={'List("a", 1).Join("-")': "a-1", "List(1, 2).Join()": "12"},
    result=_TEXT,
)
def join_(items: Sequence[Value], delimiter: str) -> Value:
    """Joins items."""
    parts = [part for item in items for part in (delimiter, item)]
    return join(*parts[1:])
