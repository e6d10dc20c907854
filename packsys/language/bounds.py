"""Keeps computed values small: a formula of a few lines must not fill a machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from packsys.language.limits import MAX_TEXT, MAX_WEIGHT
from packsys.values import MAX_DEPTH, Failure, Value, failure, tidy


def too_much(what: str, found: int, limit: int) -> Failure:
    """Makes the failure of a computation that would take more than its budget."""
    return failure("Budget", f"{what}: {found:,}, at most {limit:,} are allowed.")


def check_length(length: int) -> None:
    """Refuses a text before it is made, when it would be too long."""
    if length > MAX_TEXT:
        raise too_much("The text has too many characters", length, MAX_TEXT)


@dataclass(frozen=True, slots=True)
class Size:
    """Is how much of a value there is to look at."""

    value: Value
    weigh: Callable[[], int]

    @property
    def breadth(self) -> int:
        """Counts its items, or its blocks of 16 characters, and itself; what is inside of the items counts nothing."""
        match self.value:
            case str():
                return 1 + len(self.value) // 16
            case list() | tuple() | Mapping():
                return 1 + len(self.value)
        return 1

    @property
    def weight(self) -> int:
        """Counts everything inside, once for each place; raises Failure for a value that is too large."""
        return self.weigh()

    @property
    def reach(self) -> int:
        """Counts the items of lists inside each other, and nothing inside of objects."""
        waiting, count = [self.value], 0
        while waiting:
            value = waiting.pop()
            count += 1
            waiting += value if isinstance(value, (list, tuple)) else ()
        return count


class Scale:
    """Weighs values, each list and object once: elements of all levels, 16 characters of text as one more.

    Formulas share parts (``WithName(List(x, x), x, List(x, x))``), so the weight is what a value would take when it
    is written out.
    """

    def __init__(self) -> None:
        """Knows no value yet."""
        self._known: dict[int, tuple[Value, int, int]] = {}  # the value is kept, so that its id stays its own

    def settle(self, value: Value) -> Value:
        """Passes a computed value that is small enough, numbers rounded; raises Failure for others."""
        match value:
            case bool() | None:
                return value
            case int() | float():
                return tidy(value)
            case str():
                check_length(len(value))
            case list() | tuple() | Mapping():
                self._weigh(value)
        return value

    def size(self, value: Value) -> Size:
        """Gives the size of a value, which is weighed only where that is asked for."""
        return Size(value, lambda: self._weigh(value)[0])

    def _weigh(self, value: Value) -> tuple[int, int]:
        if isinstance(value, str):
            return 1 + len(value) // 16, 0
        if not isinstance(value, (list, tuple, Mapping)):
            return 1, 0
        if id(value) not in self._known:
            self._known[id(value)] = value, *self._sum(value)
        return self._known[id(value)][1:]

    def _sum(self, value: Value) -> tuple[int, int]:
        inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
        weight, depth = 1, 0
        for item in inner:
            more, below = self._weigh(item)
            weight, depth = weight + more, max(depth, below)
        if weight > MAX_WEIGHT:
            raise too_much("The value has too many elements", weight, MAX_WEIGHT)
        if depth >= MAX_DEPTH:
            raise too_much("The value has too many lists and objects inside each other", depth + 1, MAX_DEPTH)
        return weight, depth + 1
