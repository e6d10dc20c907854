"""The order of the items of a list, and which of them are equal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cmp_to_key

from packsys.language.bounds import Size
from packsys.language.characters import characters
from packsys.language.coercion import items_of
from packsys.language.functions.aggregate import numbers
from packsys.language.functions.registry import broad, deep, first_list, may_take, strict, takes
from packsys.language.signature import Kind, Shape
from packsys.values import Value, canonical, failure, is_blank, order

_NUMBER = Shape(Kind.NUMBER)


def _sorting(sizes: Sequence[Size]) -> int:
    return broad(sizes) * sizes[0].breadth.bit_length()  # n log n comparisons


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
    cost=_sorting,
)
def sort(items: Sequence[Value], ascending: bool, keys: Sequence[Value] | None) -> Value:
    """Sorts items; equal ones keep their places."""
    pairs = list(zip(items if keys is None else keys, items, strict=True))
    whole = [pair for pair in pairs if not is_blank(pair[0])]
    whole.sort(key=cmp_to_key(_order_pairs), reverse=not ascending)
    return [item for _, item in whole] + [item for key, item in pairs if is_blank(key)]


@strict(
    "Reverse",
    "Gives a list, or a text, from its end.",
    takes("value"),
    examples={"List(1, 2).Reverse()": [2, 1], 'Reverse("abc")': "cba"},
    result=lambda shapes: shapes[0],
)
def reverse(value: Value) -> Value:
    """Turns a list or a text round."""
    return "".join(reversed(characters(value))) if isinstance(value, str) else [*reversed(items_of(value))]


@strict(
    "Unique",
    "Keeps the first of equal items.",
    takes("list", Kind.LIST),
    examples={"List(1, 2, 1.0).Unique()": [1, 2]},
    result=first_list,
    cost=deep,
)
def unique(items: Sequence[Value]) -> Value:
    """Drops repetitions."""
    first_of: dict[bytes, Value] = {}
    for item in items:
        first_of.setdefault(canonical(item), item)
    return [*first_of.values()]


@strict(
    "Duplicates",
    "Lists each value that a list has more than once.",
    takes("list", Kind.LIST),
    examples={"List(1, 2, 1, 1, 3).Duplicates()": [1]},
    result=first_list,
    cost=deep,
)
def duplicates(items: Sequence[Value]) -> Value:
    """Keeps the first of the values that are repeated."""
    return [first for first, count in _counted(items).values() if count > 1]


@strict(
    "CountUnique",
    "Counts the different values of a list that are not blank.",
    takes("list", Kind.LIST),
    examples={'List(1, 2, 1.0, "").CountUnique()': 2},
    result=_NUMBER,
    cost=deep,
)
def count_unique(items: Sequence[Value]) -> Value:
    """Counts values once each."""
    return len(_counted([item for item in items if not is_blank(item)]))


@strict(
    "Rank",
    "Gives the place of a value in a list from the largest down, or from the smallest up; equal ones share a place.",
    takes("value"),
    takes("list", Kind.LIST),
    may_take("ascending", Kind.BOOLEAN, default=False),
    examples={"Rank(20, List(10, 20, 30))": 2, "Rank(10, List(10, 20, 30), true)": 1, "Rank(7, List(9, 9, 7))": 3},
    result=_NUMBER,
)
def rank(value: Value, items: Sequence[Value], ascending: bool) -> Value:
    """Counts the items that come before."""
    found = [order(item, value) for item in items if not is_blank(item)]
    if 0 not in found:
        raise failure("NoMatch", "The list has no such value: it has no place in it.")
    return 1 + sum((place or 0) < 0 if ascending else (place or 0) > 0 for place in found)


@strict(
    "Largest",
    "Gives the largest number of a list, or the second largest, and so on.",
    takes("list", Kind.LIST),
    may_take("place", Kind.NUMBER, default=1),
    examples={"Largest(List(3, 9, 5), 2)": 5},
    result=_NUMBER,
)
def largest(items: Sequence[Value], place: float) -> Value:
    """Sorts and takes one from the end."""
    return _placed(sorted(numbers([items]), reverse=True), place)


@strict(
    "Smallest",
    "Gives the smallest number of a list, or the second smallest, and so on.",
    takes("list", Kind.LIST),
    may_take("place", Kind.NUMBER, default=1),
    examples={"Smallest(List(3, 9, 5), 2)": 5},
    result=_NUMBER,
)
def smallest(items: Sequence[Value], place: float) -> Value:
    """Sorts and takes one from the beginning."""
    return _placed(sorted(numbers([items])), place)


def _placed(ordered: Sequence[float], place: float) -> float:
    if not 1 <= place < len(ordered) + 1:
        raise failure("Number", f"The list has {len(ordered)} numbers: there is none at this place.")
    return ordered[int(place) - 1]


def _counted(items: Sequence[Value]) -> dict[bytes, tuple[Value, int]]:
    counts: dict[bytes, tuple[Value, int]] = {}
    for item in items:
        first, count = counts.get(key := canonical(item), (item, 0))
        counts[key] = first, count + 1
    return counts


def _order_pairs(left: tuple[Value, Value], right: tuple[Value, Value]) -> int:
    return order(left[0], right[0]) or 0
