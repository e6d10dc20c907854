"""Whether a list has a value, and where a list or a text has it."""

from __future__ import annotations

from collections.abc import Sequence

from packsys.language.bounds import Size
from packsys.language.characters import position
from packsys.language.functions.registry import deep, may_take, strict, takes, takes_many
from packsys.language.signature import Kind, Shape
from packsys.values import Value, equal, failure, text_of

_NUMBER, _BOOLEAN = Shape(Kind.NUMBER), Shape(Kind.BOOLEAN)


def _comparing(sizes: Sequence[Size]) -> int:
    return deep(sizes) * max(1, len(sizes) - 1)  # each item with each value


@strict(
    "Contains",
    "Tells whether a list has one of the values.",
    takes("list", Kind.LIST),
    takes_many("value"),
    examples={"List(1, 2).Contains(2)": True, "List(1, 2).Contains(3, 4)": False},
    result=_BOOLEAN,
    cost=_comparing,
)
def contains(items: Sequence[Value], *values: Value) -> Value:
    """Looks for values."""
    return any(_has(items, value) for value in values)


@strict(
    "ContainsAll",
    "Tells whether a list has all of the values.",
    takes("list", Kind.LIST),
    takes_many("value"),
    examples={"List(1, 2, 3).ContainsAll(3, 1)": True, "List(1, 2).ContainsAll(2, 3)": False},
    result=_BOOLEAN,
    cost=_comparing,
)
def contains_all(items: Sequence[Value], *values: Value) -> Value:
    """Looks for each value."""
    return all(_has(items, value) for value in values)


@strict(
    "ContainsOnly",
    "Tells whether a list has no other values than these.",
    takes("list", Kind.LIST),
    takes_many("value"),
    examples={"List(1, 2, 1).ContainsOnly(1, 2)": True, "List(1, 2).ContainsOnly(1)": False},
    result=_BOOLEAN,
    cost=_comparing,
)
def contains_only(items: Sequence[Value], *values: Value) -> Value:
    """Looks for another value."""
    return all(_has(values, item) for item in items)


@strict(
    "In",
    "Tells whether a value is in a list.",
    takes("value"),
    takes("list", Kind.LIST),
    examples={"In(2, List(1, 2))": True},
    result=_BOOLEAN,
    cost=deep,
)
def in_(value: Value, items: Sequence[Value]) -> Value:
    """Looks for one value."""
    return _has(items, value)


@strict(
    "Find",
    "Gives the position of a text in another, or of a value in a list; an error when it is not there.",
    takes("search"),
    takes("textOrList"),
    may_take("start", Kind.NUMBER, default=1),
    examples={'Find("m", "Miriam")': 6, "Find(7, List(5, 7))": 2, 'IfError(Find("x", "abc"), 0)': 0},
    result=_NUMBER,
    cost=deep,
)
def find(search: Value, where: Value, start: float) -> Value:
    """Looks for the first place."""
    if start < 1:
        raise failure("Value", "Positions count from 1.")
    if isinstance(where, (list, tuple)):
        found = _place(where, search, int(start))
    else:
        found = position(text_of(where), text_of(search), int(start))
    if found is None:
        raise failure("NoMatch", "It is not there: IfError(Find(…), 0) gives 0 for that.")
    return found


def _place(items: Sequence[Value], value: Value, start: int) -> int | None:
    return next((at for at, item in enumerate(items, 1) if at >= start and equal(item, value)), None)


def _has(items: Sequence[Value], value: Value) -> bool:
    return any(equal(item, value) for item in items)
