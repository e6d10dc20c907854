"""Turns a value into the JSON that rows are kept in, as its declared type says; compiled once, run for each row.

Rows are kept so that PostgreSQL can compare and sort them: a date is ``2026-01-31``, a point in time is in UTC and
always as long, ``2026-01-31T08:00:00.000000+00:00``, a duration counts microseconds, and a number without a fraction
has none. What a type says nothing about is kept as :func:`packsys.values.to_json` writes it. Blanks are left out of
objects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import partial
from math import isfinite
from typing import Any, NamedTuple, TypeAlias, cast

from packsys.sdk import Kind, ObjectSchema, Property, Type
from packsys.sdk.fitting import Misfit, fit, show
from packsys.values import Json, Value, to_json

Notes: TypeAlias = dict[str, str]
Store: TypeAlias = Callable[[Any, Notes], Json]
Members: TypeAlias = Callable[[Mapping[str, Any], Notes], dict[str, Json]]

_WIDEST = 1 << 1024
_MICROSECOND = timedelta(microseconds=1)

USUAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+]00:00)", re.ASCII)
"""How most services write a point in time."""


class Place(NamedTuple):
    """Is where a value belongs: its name, its key in the service's data, and how it is stored.

    A value of the class ``quick`` is stored as it is.
    """

    name: str
    key: str
    quick: type | None
    store: Store
    declared: Property


def storing(declared: Type, path: str, zone: tzinfo) -> Store:
    """Compiles how values of a type are stored; ``path`` names them in notes, ``zone`` is that of times without one.

    What is compiled raises :class:`~packsys.sdk.fitting.Misfit`, and accepts what :func:`~packsys.sdk.fitting.fit`
    accepts. It notes values that had to be read as another kind than they came in.
    """
    match declared.kind:
        case Kind.LIST:
            return partial(_list, declared, storing(declared.item or Type(), f"{path}[]", zone))
        case Kind.OBJECT if declared.schema is not None:
            return partial(_object, declared, members(declared.schema, f"{path}.", zone))
        case Kind.ANY | Kind.OBJECT:
            return partial(_any, declared)
        case _:
            return partial(_SCALARS[declared.kind], declared, path, zone)


def places(schema: ObjectSchema, prefix: str, zone: tzinfo) -> tuple[Place, ...]:
    """Compiles where the values of an object's properties belong."""
    return tuple(
        Place(
            name,
            each.from_key,
            _QUICK.get(each.value_type.kind),
            storing(each.value_type, f"{prefix}{name}", zone),
            each,
        )
        for name, each in schema.properties.items()
    )


def members(schema: ObjectSchema, prefix: str, zone: tzinfo) -> Members:
    """Compiles how an object is stored: under the names of its properties, without blanks."""
    named = places(schema, prefix, zone)
    known = frozenset({each.key for each in named} | {each.name for each in named})
    plan = [(*each,) for each in named]  # Python takes a plain tuple apart faster

    def closed(raw: Mapping[str, Any], notes: Notes) -> dict[str, Json]:
        stored: dict[str, Any] = {}
        name, get = "", raw.get
        try:
            for name, key, quick, store, declared in plan:
                value: Any = get(key)
                if value.__class__ is quick:
                    stored[name] = value
                elif value is not None:
                    stored[name] = store(value, notes)
                elif declared.required:
                    raise missing(raw, key, declared)
        except Misfit as misfit:
            raise misfit.within(f".{name}") from None
        return stored

    def opened(raw: Mapping[str, Any], notes: Notes) -> dict[str, Json]:
        others = {key: each for key, each in raw.items() if key not in known}
        return {**cast("dict[str, Json]", _any(Type(), others, notes)), **closed(raw, notes)}

    return opened if schema.open else closed


def missing(raw: Mapping[str, Any], key: str, declared: Property) -> Misfit:
    """Says that a required property is not there."""
    found = "blank" if key in raw else f"missing: there is no {key!r}"
    return Misfit(expected=str(declared.value_type), found=found)


def _object(declared: Type, inner: Members, value: Any, notes: Notes) -> Json:
    if not isinstance(value, Mapping):
        raise Misfit(expected=str(declared), found=show(value))
    return inner(value, notes)


def _list(declared: Type, item: Store, value: Any, notes: Notes) -> Json:
    if not isinstance(value, (list, tuple)):
        raise Misfit(expected=str(declared), found=show(value))
    stored = []
    for place, each in enumerate(value, 1):
        try:
            stored.append(None if each is None else item(each, notes))
        except Misfit as misfit:
            raise misfit.within(f"[{place}]") from None
    return stored


def _any(declared: Type, value: Any, notes: Notes) -> Json:
    return _evened(to_json(cast("Value", fit(value, declared))))


def _evened(data: Json) -> Json:
    match data:
        case float() if data.is_integer():
            return int(data)
        case list():
            return [_evened(each) for each in data]
        case dict():
            return {key: _evened(each) for key, each in data.items()}
    return data


def _text(declared: Type, path: str, zone: tzinfo, value: Any, notes: Notes) -> Json:
    if value.__class__ is str:
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return cast("str", _read(declared, path, zone, value, notes, natural=isinstance(value, str)))


def _number(declared: Type, path: str, zone: tzinfo, value: Any, notes: Notes) -> Json:
    if value.__class__ is float and isfinite(value):
        return int(value) if value.is_integer() else value
    if value.__class__ is int and -_WIDEST < value < _WIDEST:
        return value
    natural = isinstance(value, (int, float))
    return _evened(cast("float", _read(declared, path, zone, value, notes, natural=natural)))


def _boolean(declared: Type, path: str, zone: tzinfo, value: Any, notes: Notes) -> Json:
    return cast("bool", _read(declared, path, zone, value, notes, natural=isinstance(value, bool)))


def _date(declared: Type, path: str, zone: tzinfo, value: Any, notes: Notes) -> Json:
    natural = len(value.strip()) <= 10 if isinstance(value, str) else not isinstance(value, datetime)
    return cast("date", _read(declared, path, zone, value, notes, natural=natural)).isoformat()


def _datetime(declared: Type, path: str, zone: tzinfo, value: Any, notes: Notes) -> Json:
    if value.__class__ is str:
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            read = None
        if read is not None and read.tzinfo is UTC:  # by far the most frequent, and nothing can go wrong with it
            if USUAL.fullmatch(value):
                return usual(value)
            return read.isoformat("T", "microseconds")
        if read is not None and read.tzinfo is not None:
            return _instant(declared, value, read)
    natural = isinstance(value, datetime) and value.tzinfo is not None
    return _instant(declared, value, cast("datetime", _read(declared, path, zone, value, notes, natural=natural)))


def usual(moment: str) -> str:
    """Gives a point in time that is written as usual as it is stored."""
    return f"{moment[:19]}.000000+00:00"


def _instant(declared: Type, value: Any, read: datetime) -> str:
    try:
        return read.astimezone(UTC).isoformat(timespec="microseconds")
    except OverflowError:  # the first or last hours of the calendar, in a zone beside UTC
        raise Misfit(expected=str(declared), found=show(value)) from None


def _duration(declared: Type, path: str, zone: tzinfo, value: Any, notes: Notes) -> Json:
    return cast("timedelta", _read(declared, path, zone, value, notes, natural=True)) // _MICROSECOND


def _read(declared: Type, path: str, zone: tzinfo, value: Any, notes: Notes, *, natural: bool) -> object:
    """Reads a value as the SDK does, and notes it unless it came in the natural form of its kind."""
    fitted = fit(value, declared, zone=zone)
    if not natural:
        notes.setdefault(path, f"{show(value)}, read as {declared}")
    return fitted


_SCALARS: Mapping[Kind, Callable[[Type, str, tzinfo, Any, Notes], Json]] = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.DURATION: _duration,
}

# Numbers that are whole are checked for their width when they are written: none of a sane width is looked at twice.
_QUICK: Mapping[Kind, type] = {Kind.TEXT: str, Kind.NUMBER: int, Kind.BOOLEAN: bool}
