"""What may be asked of a sync table's rows: which, in which order, and from where on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from packsys.errors import HouseError


class Compare(StrEnum):
    """Names how a value is compared, as people write it."""

    LEAST = ">="
    MOST = "<="
    NOT = "!="
    IS = "="
    ABOVE = ">"
    BELOW = "<"


@dataclass(frozen=True)
class Column:
    """Is a property as it is kept; the values of one that is ``numeric`` compare as numbers, others as texts do."""

    name: str
    numeric: bool = False


@dataclass(frozen=True)
class Term:
    """Says what a row's value must be like; None stands for a blank, which only IS and NOT know.

    A blank is like no value: it is above and below none, and NOT any. An empty text counts as blank.
    """

    column: Column
    compare: Compare
    value: str | int | float | None


@dataclass(frozen=True)
class Place:
    """Is the row behind which a page begins: its key, and its value of the column that rows are sorted by."""

    key: str
    value: str | int | float | None = None


@dataclass(frozen=True, kw_only=True)
class RowQuery:
    """Asks for ``limit`` rows that satisfy all terms, sorted by a column and then by key, or by key alone.

    Texts are sorted by code points, so that dates and times are sorted by time. Blanks come last either way.
    """

    where: Sequence[Term] = ()
    sort: Column | None = None
    descending: bool = False
    after: Place | None = None
    limit: int = 100
    deleted: bool = False


LONGEST = 8 * 10**22
"""Microseconds that a duration may take to be compared as a number: a little less than Python's longest."""


class Kept(StrEnum):
    """Names how the values of a column are kept, where they are kept as one plain value: texts, but for three."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    DURATION = "duration"

    @property
    def numeric(self) -> bool:
        """Tells whether values are kept as numbers."""
        return self in (Kept.NUMBER, Kept.DURATION)


@dataclass(frozen=True)
class Field:
    """Is a column that a formula compares, sorts by or adds up; other kinds of values in it spoil the question."""

    name: str
    kept: Kept


@dataclass(frozen=True)
class Flat:
    """Holds for every row, or for none."""

    truth: bool


@dataclass(frozen=True)
class Blank:
    """Holds where there is no value; an empty text is none."""

    field: Field


@dataclass(frozen=True)
class Compared:
    """Holds where there is a value, and it compares so with another: texts by code points, false before true."""

    field: Field
    compare: Compare
    value: str | int | float | bool


@dataclass(frozen=True)
class Holding:
    """Holds where a text contains another, starts or ends with it; a blank is an empty text."""

    field: Field
    how: str
    text: str


@dataclass(frozen=True)
class Not:
    """Holds where another condition does not."""

    inner: Condition


@dataclass(frozen=True)
class Joined:
    """Holds where all of its parts hold, or, if ``any``, where one does."""

    parts: Sequence[Condition]
    any: bool = False


Condition: TypeAlias = Flat | Blank | Compared | Holding | Not | Joined


@dataclass(frozen=True, kw_only=True)
class Question:
    """Is what a formula asks of a table, as :mod:`packsys.language.tables` writes it.

    Rows come sorted by a column, in either order, and then by key upwards; blanks come last. ``backwards`` turns all of
    it round. ``begin`` and ``end`` cut them, counted from 0. Without a ``column`` whole rows are wanted.
    """

    give: str = "rows"
    where: Condition = Flat(True)
    sort: Field | None = None
    descending: bool = False
    backwards: bool = False
    begin: int = 0
    end: int | None = None
    column: str | None = None
    kept: Kept | None = None

    @property
    def fields(self) -> frozenset[Field]:
        """Lists the columns whose kinds matter."""
        added = (self.column, self.kept) if self.give in ("sum", "average") else (None, None)
        summed = [Field(added[0], added[1])] if added[0] is not None and added[1] is not None else []
        return frozenset((*_fields(self.where), *([self.sort] if self.sort else []), *summed))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Is what a store gives to a question: values of the column, or whole rows.

    ``odd`` tells that a row has a value of another kind where kinds matter, so that nothing of this counts. ``total``
    are the rows that satisfy the condition, ``size`` the bytes of what is asked for; nothing is given beyond the most
    that was allowed. ``whole`` tells that only whole numbers were added to the ``sum``, ``known`` how many.
    """

    odd: bool = False
    total: int = 0
    size: int = 0
    values: Sequence[Any] = ()
    sum: int = 0
    known: int = 0
    whole: bool = True


def question(query: Mapping[str, Any]) -> Question:
    """Reads a query of a formula whose values are filled in; raises HouseError for what no release wrote."""
    try:
        return _question(query)
    except (KeyError, TypeError, ValueError) as problem:
        raise HouseError("A kept question to a table is damaged: it is not what this release writes.") from problem


def _question(query: Mapping[str, Any]) -> Question:
    sort, give = query.get("sort"), query["give"]
    begin, end = query.get("slice", (0, None))
    column, kind = query.get("column", (None, None))
    if give in ("first", "last", "min", "max") and "slice" not in query:
        begin, end = 0, 1
    return Question(
        give=give,
        where=_condition(query["where"]) if "where" in query else Flat(True),
        sort=Field(sort[0], Kept(sort[1])) if sort else None,
        descending=bool(sort and sort[2]),
        backwards=give == "last",
        begin=begin,
        end=end,
        column=column,
        kept=None if kind is None else Kept(kind),
    )


def _condition(written: Sequence[Any]) -> Condition:
    match written:
        case ["flat", bool(truth)]:
            return Flat(truth)
        case ["blank", column, kind]:
            return Blank(Field(column, Kept(kind)))
        case ["is", column, kind, sign, value]:
            return Compared(Field(column, Kept(kind)), Compare(sign), value)
        case ["text", column, how, text]:
            return Holding(Field(column, Kept.TEXT), how, text)
        case ["not", inner]:
            return Not(_condition(inner))
        case ["and" | "or" as word, parts]:
            return Joined([_condition(part) for part in parts], any=word == "or")
    raise ValueError(written)


def _fields(condition: Condition) -> Iterator[Field]:
    match condition:
        case Blank(field) | Compared(field) | Holding(field):
            yield field
        case Not(inner):
            yield from _fields(inner)
        case Joined(parts):
            for part in parts:
                yield from _fields(part)
