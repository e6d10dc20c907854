"""Lists made, cut, counted and joined. Positions count from 1."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from packsys.language.bounds import too_much
from packsys.language.coercion import items_of
from packsys.language.functions.registry import deep, first_item, first_list, may_take, same, strict, takes, takes_many
from packsys.language.limits import MAX_WEIGHT
from packsys.language.operators import join
from packsys.language.signature import Kind, Shape
from packsys.values import Value, failure, is_blank

_NUMBER, _TEXT, _LIST = Shape(Kind.NUMBER), Shape(Kind.TEXT), Shape(Kind.LIST)


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
    "Splice",
    "Takes a number of items out of a list, from a position on, and puts others in their place.",
    takes("list", Kind.LIST),
    takes("start", Kind.NUMBER),
    takes("deleteCount", Kind.NUMBER),
    takes_many("value"),
    examples={"List(1, 2, 3).Splice(2, 1, 7, 8)": [1, 7, 8, 3], "List(1, 2).Splice(3, 0, 3)": [1, 2, 3]},
    result=_LIST,
)
def splice(items: Sequence[Value], start: float, count: float, *values: Value) -> Value:
    """Cuts some items out and puts others in."""
    if start < 1 or count < 0:
        raise failure("Value", "Positions count from 1, and a number of items cannot be negative.")
    begin = int(start) - 1
    return [*items[:begin], *values, *items[begin + int(count) :]]


@strict(
    "Zip",
    "Lists the first items of several lists, then the second ones, and so on; a shorter list ends in blanks.",
    takes_many("list", Kind.LIST),
    examples={"Zip(List(1, 2), List(3, 4))": [[1, 3], [2, 4]], 'Zip(List(1, 2), List("a"))': [[1, "a"], [2, None]]},
    result=Shape(Kind.LIST, item=_LIST),
)
def zip_(*lists: Sequence[Value]) -> Value:
    """Puts lists side by side."""
    rows = max(map(len, lists), default=0)
    if rows * len(lists) > MAX_WEIGHT:
        raise too_much("The list has too many elements", rows * len(lists), MAX_WEIGHT)
    return [[*row] for row in zip_longest(*lists)]


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
    "Join",
    "Joins the items of a list as texts, with a delimiter between them.",
    takes("list", Kind.LIST),
    may_take("delimiter", Kind.TEXT, default=""),
    examples={'List("a", 1).Join("-")': "a-1", "List(1, 2).Join()": "12"},
    result=_TEXT,
    cost=deep,
)
def join_(items: Sequence[Value], delimiter: str) -> Value:
    """Joins items."""
    parts = [part for item in items for part in (delimiter, item)]
    return join(*parts[1:])
