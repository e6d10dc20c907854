"""Writes what a formula asks of a sync table as one SQL statement, and reads what it gives.

Every condition is true or false, never unknown, so that ``not`` means what it means in the language. A row that has a
value of another kind than its column is read along with those that satisfy the condition: then nothing counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Numeric,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.exc import OperationalError

from packsys.errors import TooMuch
from packsys.store.database import STATEMENT_SECONDS
from packsys.store.synctables import sync_row, sync_table
from packsys.syncquery import (
    LONGEST,
    Answer,
    Blank,
    Compare,
    Compared,
    Condition,
    Field,
    Flat,
    Holding,
    Joined,
    Kept,
    Not,
    Question,
)

_CANCELED: Final = "57014"  # SQLSTATE query_canceled: the statement took longer than it may

# As Python writes dates: a year from 1, and the 29th of February in leap years only.
_LEAP: Final = "(([0-9]{2}(0[48]|[2468][048]|[13579][26]))|((0[48]|[2468][048]|[13579][26])00))-02-29"
_MONTHS: Final = "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8])"
_DATE: Final = f"(?!0000)([0-9]{{4}}-({_MONTHS})|{_LEAP})"
_TIME: Final = r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}\+00:00"
_PATTERNS: Final[Mapping[Kept, str]] = {Kept.DATE: f"^{_DATE}$", Kept.DATETIME: f"^{_DATE}{_TIME}$"}


def answer(connection: Connection, table: str, asked: Question, *, most: int, size: int) -> Answer:
    """Asks in one statement; raises :class:`~packsys.errors.TooMuch` where it takes too long."""
    try:
        if asked.give in ("count", "sum", "average"):
            return _reckoned(connection, table, asked)
        return _given(connection, table, asked, most=most, size=size)
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _CANCELED:
            raise
        raise TooMuch(
            f"The table has too many rows to be looked at in {STATEMENT_SECONDS} seconds: ask for fewer."
        ) from error


def _reckoned(connection: Connection, table: str, asked: Question) -> Answer:
    holds = _holds(asked.where)
    columns: list[ColumnElement[Any]] = [func.coalesce(func.bool_or(_odd(asked)), false()), func.count().filter(holds)]
    if asked.give != "count":
        value = _number(Field(asked.column or "", Kept.NUMBER))
        # A sum of fractions depends on their order, and on how each is rounded: whole numbers only are added here.
        columns += [
            cast(func.coalesce(func.sum(value).filter(holds), 0), Text()),
            func.count(value).filter(holds),
            func.coalesce(func.bool_and(func.scale(value) == 0).filter(holds), true()),
        ]
    odd, total, *added = connection.execute(select(*columns).where(*_live(table))).one()
    if not added or not added[2]:
        return Answer(odd=odd, total=total, whole=not added)
    return Answer(odd=odd, total=total, sum=int(added[0]), known=added[1])


def _given(connection: Connection, table: str, asked: Question, *, most: int, size: int) -> Answer:
    found = connection.execute(_rows(table, asked, most=most, size=size)).all()
    if not found:
        # What lies outside of the slice was not looked at: the language does.
        looked = asked.begin == 0 and asked.end != 0
        return Answer(odd=bool(asked.fields) and not looked)
    odd, total, bytes_ = found[0].odd, found[0].total, int(found[0].bytes)
    return Answer(odd=odd, total=total, size=bytes_, values=[row.value for row in found] if bytes_ <= size else ())


def _rows(table: str, asked: Question, *, most: int, size: int) -> Select[Any]:
    odd, limit = _odd(asked), most if asked.end is None else min(most, max(0, asked.end - asked.begin))
    value = sync_row.c.document if asked.column is None else sync_row.c.document.op("->")(_name(asked.column))
    cut = (
        select(
            value.label("value"),
            func.octet_length(cast(value, Text())).label("size"),
            func.count().over().label("total"),
            func.bool_or(odd).over().label("odd"),
            func.row_number().over(order_by=_order(asked)).label("place"),
        )
        .where(*_live(table), or_(_holds(asked.where), odd))
        .order_by(*_order(asked))
        .offset(asked.begin)
        .limit(limit)
        .subquery()
    )
    bytes_ = func.coalesce(func.sum(cut.c.size).over(), 0)
    whole = select(cut, bytes_.label("bytes")).subquery()
    given = case((whole.c.bytes <= size, whole.c.value)).label("value")
    return select(given, whole.c.odd, whole.c.total, whole.c.bytes).order_by(whole.c.place)


def _live(table: str) -> Sequence[ColumnElement[bool]]:
    scope = select(sync_table.c.scope).where(sync_table.c.table_id == table).scalar_subquery()
    return sync_row.c.scope == scope, sync_row.c.deleted_at.is_(None)


def _order(asked: Question) -> Sequence[ColumnElement[Any]]:
    keys = [sync_row.c.row_key.desc() if asked.backwards else sync_row.c.row_key.asc()]
    if asked.sort is None:
        return keys
    value = _value(asked.sort, empty=False)
    sorted_ = value.desc() if asked.descending is not asked.backwards else value.asc()
    return [sorted_.nulls_first() if asked.backwards else sorted_.nulls_last(), *keys]


def _holds(condition: Condition) -> ColumnElement[bool]:
    match condition:
        case Flat(truth):
            return true() if truth else false()
        case Blank(field):
            return _value(field, empty=False).is_(None)
        case Compared(field, compare, value):
            return _compared(_value(field), compare, _literal(field, value))
        case Holding(field, how, text):
            return _holding(func.coalesce(_text(field), ""), how, literal(text, Text()))
        case Not(inner):
            return not_(_holds(inner))
        case Joined(parts, any=False):
            return and_(true(), *map(_holds, parts))
        case Joined(parts):
            return or_(false(), *map(_holds, parts))


def _compared(value: ColumnElement[Any], compare: Compare, given: ColumnElement[Any]) -> ColumnElement[bool]:
    match compare:
        case Compare.IS:
            return value.is_not_distinct_from(given)
        case Compare.NOT:
            return value.is_distinct_from(given)
        case Compare.BELOW:
            return func.coalesce(value < given, false(), type_=Boolean())
        case Compare.MOST:
            return func.coalesce(value <= given, false(), type_=Boolean())
        case Compare.ABOVE:
            return func.coalesce(value > given, false(), type_=Boolean())
    return func.coalesce(value >= given, false(), type_=Boolean())


def _holding(text: ColumnElement[Any], how: str, given: ColumnElement[Any]) -> ColumnElement[bool]:
    match how:
        case "starts":
            return func.starts_with(text, given, type_=Boolean())
        case "ends":
            return func.right(text, func.length(given)) == given
    return func.strpos(text, given) > 0


def _value(field: Field, *, empty: bool = True) -> ColumnElement[Any]:
    """Gives a column's value as it compares; with ``empty=False`` an empty text is none."""
    if field.kept.numeric:
        return _number(field)
    text = _text(field) if empty else func.nullif(_text(field), "", type_=Text())
    return text.collate("C")


def _name(column: str) -> ColumnElement[str]:
    return bindparam(None, column, type_=Text())


def _text(field: Field) -> ColumnElement[str]:
    return sync_row.c.document.op("->>", return_type=Text())(_name(field.name))


def _kind(field: Field) -> ColumnElement[str]:
    return func.jsonb_typeof(sync_row.c.document.op("->")(_name(field.name)), type_=Text())


def _number(field: Field) -> ColumnElement[Any]:
    return case((_kind(field) == "number", cast(_text(field), Numeric())))


def _literal(field: Field, value: str | int | float | bool) -> ColumnElement[Any]:
    # As text, since the driver would send a number as one of limited size, or of limited precision.
    if field.kept.numeric:
        return cast(literal(str(value), Text()), Numeric())
    return literal(str(value).lower() if isinstance(value, bool) else str(value), Text())


def _odd(asked: Question) -> ColumnElement[bool]:
    fields = sorted(asked.fields, key=lambda field: (field.name, field.kept))
    return or_(false(), *(not_(_usual(field)) for field in fields))


def _usual(field: Field) -> ColumnElement[bool]:
    """Tells whether a value is kept as one of its column's kind is, or is none."""
    kind = func.coalesce(_kind(field), "null", type_=Text())
    match field.kept:
        case Kept.NUMBER:
            # The language rounds a property to 15 digits; a number that has fewer, or is whole, stays what it is.
            digits = func.length(func.btrim(func.translate(_text(field), "-.", ""), "0"))
            return or_(kind == "null", and_(kind == "number", or_(func.scale(_number(field)) == 0, digits <= 15)))
        case Kept.BOOLEAN:
            return kind.in_(("boolean", "null"))
        case Kept.DURATION:
            counted = and_(func.scale(_number(field)) == 0, func.abs(_number(field)) < _literal(field, LONGEST))
            return or_(kind == "null", func.coalesce(counted, false(), type_=Boolean()))
        case Kept.DATE | Kept.DATETIME:
            written = _text(field).op("~", return_type=Boolean())(literal(_PATTERNS[field.kept], Text()))
            return or_(kind == "null", and_(kind == "string", written))
    return kind.in_(("string", "null"))
