"""What may be asked of a sync table's rows: which, in which order, and from where on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


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
