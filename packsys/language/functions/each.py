"""What is done for each item of a list: an expression over CurrentValue, or over the columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress

from packsys.language.functions.registry import deep, first_list, list_of_last, may_take, strict, takes
from packsys.language.signature import Kind, Shape
from packsys.values import Value, canonical, equal, truth_of

_NUMBER, _BOOLEAN = Shape(Kind.NUMBER), Shape(Kind.BOOLEAN)


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
    "Lookup",
    "Keeps the items for which an expression over CurrentValue, such as a column of a table, equals a value.",
    takes("list", Kind.LIST),
    takes("column"),
    takes("value"),
    binds="column",
    examples={'List("a", "bb").Lookup(Length(CurrentValue), 2)': ["bb"]},
    result=first_list,
    cost=deep,
)
def lookup(items: Sequence[Value], found: Sequence[Value], value: Value) -> Value:
    """Keeps the items that match."""
    return [item for item, column in zip(items, found, strict=True) if equal(column, value)]


@strict(
    "GroupBy",
    "Groups the items of a list by an expression over CurrentValue: objects with a Key and its Items.",
    takes("list", Kind.LIST),
    takes("key"),
    binds="key",
    examples={'List("a", "bb", "c").GroupBy(Length(CurrentValue)).First().Items': ["a", "c"]},
    result=Shape(Kind.LIST, item=Shape(Kind.OBJECT, properties={"Key": Shape(), "Items": Shape(Kind.LIST)})),
    cost=deep,
)
def group_by(items: Sequence[Value], keys: Sequence[Value]) -> Value:
    """Groups items, in the order in which their keys come."""
    groups: dict[bytes, tuple[Value, list[Value]]] = {}
    for item, key in zip(items, keys, strict=True):
        groups.setdefault(canonical(key), (key, []))[1].append(item)
    return [{"Key": key, "Items": members} for key, members in groups.values()]
