"""What a formula asks of a synced table, as plain JSON that a store can answer.

A query has a ``where``, a ``sort`` (column, kind, backwards), a ``slice`` (begin and end, counted from 0), a ``column``
where not whole rows are wanted, and says what to ``give``. In the query of a tree the places of values stand for
values; :func:`filled` puts those in, as they are kept in rows. A condition is one of

- ``["and", [...]]``, ``["or", [...]]``, ``["not", condition]``, ``["flat", truth]``;
- ``["blank", column, kind]``;
- ``["is", column, kind, sign, value]`` with a sign of ``= != < <= > >=``;
- ``["in", column, kind, value]`` before values are filled in, the value being a list;
- ``["text", column, how, value]`` with ``contains``, ``starts`` or ``ends``.

Only what gives in a database exactly what the language gives is asked there: conditions that hold or do not hold for
any row, and never fail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, TypeAlias

from packsys.language.coercion import first_error, items_of
from packsys.language.invocation import Invocation
from packsys.language.keys import read_key
from packsys.language.nodes import TableRead
from packsys.language.signature import Kind
from packsys.values import Failure, Json, Value, is_blank, number_of, text_of

TABLES: Final = 0
"""The number that stands for a pack where a table is asked; no pack has it."""

READERS: Final = "Tables"
"""What it is called in plans, events and Flower: ``Tables::Count``."""

MOST_CHOICES: Final = 100
"""Values of a list that a column is compared with in a database, at most."""

Query: TypeAlias = Mapping[str, Any]

_MICROSECOND = timedelta(microseconds=1)


def call_of(query: Query) -> str:
    """Names what is asked, as the formula of a pack is named."""
    return "Read" if query["give"] == "rows" else str(query["give"]).capitalize()


def invocation(node: TableRead, query: Query) -> Invocation:
    """Makes the call that asks a table; raises :class:`~packsys.values.Failure` for values that cannot be kept."""
    arguments: dict[str, Value] = {"table": node.table, "name": node.name, "query": query}
    formula = call_of(query)
    return Invocation(
        key=read_key(TABLES, "", formula, None, arguments),
        pack_id=TABLES,
        pack=READERS,
        version="",
        formula=formula,
        account=None,
        arguments=arguments,
        start=node.start,
        end=node.end,
    )


def filled(query: Query, values: Sequence[Value]) -> Query | None:
    """Puts values in their places; None where the database might answer anything else than the language."""
    ready = dict(query)
    try:
        if "where" in query:
            ready["where"] = _condition(query["where"], values)
        if "slice" in query:
            ready["slice"] = _slice(query["slice"], values)
    except (_Unfit, Failure, OverflowError):
        return None
    return ready


class _Unfit(Exception):
    """Tells that a value is none to ask a database with."""


def _condition(written: Sequence[Any], values: Sequence[Value]) -> list[Any]:
    match written:
        case ["and" | "or" as word, parts]:
            return [word, [_condition(part, values) for part in parts]]
        case ["not", part]:
            return ["not", _condition(part, values)]
        case ["is", column, kind, sign, place]:
            return _comparison(column, Kind(kind), sign, values[place])
        case ["in", column, kind, place]:
            return _choice(column, Kind(kind), values[place])
        case ["text", column, how, place]:
            return ["text", column, how, _text(text_of(values[place]))]
    return [*written]


def _comparison(column: str, kind: Kind, sign: str, value: Value) -> list[Any]:
    if value is None or (value == "" and sign in ("=", "!=")):
        blank = ["blank", column, kind.value]
        return blank if sign == "=" else ["not", blank] if sign == "!=" else ["flat", False]
    if _rank(value) is not _RANKS[kind]:
        if sign not in ("=", "!="):
            raise _Unfit
        return ["flat", sign == "!="]
    return ["is", column, kind.value, sign, _stored(kind, value)]


def _choice(column: str, kind: Kind, value: Value) -> list[Any]:
    items = items_of(value)
    if len(items) > MOST_CHOICES or first_error(items):
        raise _Unfit
    return ["or", [_comparison(column, kind, "=", item) for item in items]]


_RANKS: Final = {
    Kind.TEXT: str,
    Kind.NUMBER: float,
    Kind.BOOLEAN: bool,
    Kind.DATE: date,
    Kind.DATETIME: date,
    Kind.DURATION: timedelta,
}


def _rank(value: Value) -> type:
    """Gives what stands for all values that a value may equal."""
    match value:
        case bool() | str() | timedelta():
            return type(value)
        case int() | float():
            return float
        case date():
            return date
    return type(None)


def _stored(kind: Kind, value: Any) -> Json:
    """Writes a value of a kind as rows hold it; see :mod:`packsys.sync.storing`."""
    match kind:
        case Kind.TEXT:
            return _text(value)
        case Kind.NUMBER:
            return int(value) if isinstance(value, int) or value.is_integer() else float(value)
        case Kind.DATE:
            if isinstance(value, datetime):
                raise _Unfit
            return str(value.isoformat())
        case Kind.DATETIME:
            return _instant(value)
        case Kind.DURATION:
            return int(value // _MICROSECOND)
    return bool(value)


def _instant(value: date) -> str:
    # Rows hold points in time in UTC, and what knows no zone is compared with what their clock shows.
    moment = value if isinstance(value, datetime) else datetime.combine(value, time())
    known = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return known.isoformat(timespec="microseconds")


def _text(text: str) -> str:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise _Unfit
    return text


def _slice(written: Sequence[Any], values: Sequence[Value]) -> list[int | None]:
    begin, end = (_position(values[place]) if isinstance(place, int) else None for place in written)
    return [max(0, (begin or 0) - 1), end]


def _position(value: Value) -> int:
    if is_blank(value) or number_of(value) < 0:
        raise _Unfit
    return int(number_of(value))
