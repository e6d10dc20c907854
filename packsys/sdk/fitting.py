"""Fits what a formula's function returned to the type that it declared."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from packsys.sdk.kinds import Kind
from packsys.sdk.schema import Property, Type

_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_LONGEST_PATH = 200  # characters; keys of data may be long, and hold anything
_WIDEST_NUMBER = 400  # characters; a float ends near 1e308, and reading long digits takes quadratic time


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Says how large a result may be: nesting, values all told, and characters of text all told."""

    depth: int = 32
    values: int = 1_000_000
    characters: int = 25_000_000


class Misfit(Exception):
    """A value does not fit the declared type; ``path`` leads to it from the result: ``[2].Owner.Login``."""

    def __init__(self, *, expected: str, found: str) -> None:
        """Takes what was declared and what was there; the path grows while the error rises."""
        super().__init__()
        self.expected = expected
        self.found = found
        self.path = ""

    def within(self, step: str) -> Misfit:
        """Puts one more step before the path."""
        self.path = step + self.path
        return self

    def __str__(self) -> str:
        """Says it in a sentence, without its full stop: 'result[2].Stars must be a number, not …'."""
        path = "".join(each if each.isprintable() else "\ufffd" for each in self.path[:_LONGEST_PATH])
        return f"result{path} must be {self.expected}, but is {self.found}"


class _Terms:
    """Counts what is left of the bounds during one fit."""

    __slots__ = ("characters", "depth", "values", "zone")

    def __init__(self, bounds: Bounds, zone: tzinfo) -> None:
        self.depth = bounds.depth
        self.values = bounds.values
        self.characters = bounds.characters
        self.zone = zone

    def spend(self, value: object) -> None:
        self.values -= 1
        if isinstance(value, str):
            self.characters -= len(value)
        if self.values < 0 or self.characters < 0:
            raise Misfit(expected="smaller: it is the value with which the result grows too large", found=show(value))


def fit(value: object, wanted: Type, *, zone: tzinfo = UTC, bounds: Bounds | None = None) -> object:
    """Gives the value as its declared type has it; a blank fits every type.

    Objects keep their declared properties only, unless they are open, under the names that formulas use. Text that
    reads as a number, a boolean or an ISO 8601 date is taken as such; a number is taken as seconds since 1970 where
    a date with a time is declared, and as days where a duration is. Dates with times always come out with a zone,
    ``zone`` where they had none. Raises :class:`Misfit`.
    """
    return _fit(value, wanted, _Terms(bounds or Bounds(), zone))


def show(value: object) -> str:
    """Describes a value that was found, shortly: 'the text "many"'."""
    match value:
        case None:
            return "blank"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value:.6g}" if isinstance(value, float) or abs(value) < 10**15 else "a huge number"
        case str():
            return f"the text {value if len(value) <= 40 else value[:39] + '…'!r}"
        case datetime() | date():
            return f"the date {value.isoformat()}"
        case list() | tuple():
            return f"a list of {len(value)}"
        case Mapping():
            return f"an object with {', '.join(sorted(map(_key, value))[:5]) or 'nothing in it'}"
        case _:
            return f"a Python {type(value).__name__}"


def _key(key: object) -> str:
    """Shows a key, which may hold anything where a service or a stranger wrote it."""
    text = str(key)
    return text if text.isprintable() and len(text) <= 40 else repr(text[:40])


def _fit(value: object, wanted: Type, terms: _Terms) -> object:
    if value is None:
        return None
    terms.spend(value)
    return _FITS[wanted.kind](value, wanted, terms)


def _misfit(value: object, wanted: Type) -> Misfit:
    return Misfit(expected=str(wanted), found=show(value))


def _text(value: object, wanted: Type, terms: _Terms) -> object:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(_number(value, wanted, terms))
    raise _misfit(value, wanted)


def _number(value: object, wanted: Type, terms: _Terms) -> object:
    if isinstance(value, str) and len(value) <= _WIDEST_NUMBER and _NUMBER.fullmatch(value):
        value = float(value) if any(mark in value for mark in ".eE") else int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _finite(value):
        raise _misfit(value, wanted)
    return value


def _finite(value: float) -> bool:
    return value.bit_length() < 1024 if isinstance(value, int) else math.isfinite(value)


def _boolean(value: object, wanted: Type, terms: _Terms) -> object:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise _misfit(value, wanted)
    return value


def _date(value: object, wanted: Type, terms: _Terms) -> object:
    if isinstance(value, str):
        value = _moment(value, wanted)
    match value:
        case datetime():
            return value.date()
        case date():
            return value
        case _:
            raise _misfit(value, wanted)


def _datetime(value: object, wanted: Type, terms: _Terms) -> object:
    match value:
        case str():
            return _zoned(_moment(value, wanted), terms.zone)
        case datetime():
            return _zoned(value, terms.zone)
        case date():
            return datetime.combine(value, time(), terms.zone)
        case bool():
            raise _misfit(value, wanted)
        case int() | float():
            return _since_1970(value, wanted)
        case _:
            raise _misfit(value, wanted)


def _moment(text: str, wanted: Type) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise _misfit(text, wanted) from None


def _zoned(value: datetime, zone: tzinfo) -> datetime:
    return value if value.tzinfo is not None else value.replace(tzinfo=zone)


def _since_1970(value: float, wanted: Type) -> datetime:
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise _misfit(value, wanted) from None


def _duration(value: object, wanted: Type, terms: _Terms) -> object:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _misfit(value, wanted)
    try:
        return timedelta(days=value)
    except (OverflowError, ValueError):
        raise _misfit(value, wanted) from None


def _list(value: object, wanted: Type, terms: _Terms) -> object:
    if not isinstance(value, (list, tuple)):
        raise _misfit(value, wanted)
    item = wanted.item or Type()
    fitted = []
    for place, each in enumerate(value, 1):
        try:
            fitted.append(_fit(each, item, terms))
        except Misfit as misfit:
            raise misfit.within(f"[{place}]") from None
    return fitted


def _object(value: object, wanted: Type, terms: _Terms) -> object:
    if not isinstance(value, Mapping):
        raise _misfit(value, wanted)
    if wanted.schema is None:
        return _any(value, wanted, terms)
    declared = wanted.schema.properties
    fitted = {name: _entry(value, name, each, terms) for name, each in declared.items()}
    if not wanted.schema.open:
        return fitted
    known = {each.from_key for each in declared.values()} | set(declared)
    return {**_members({key: each for key, each in value.items() if key not in known}, terms), **fitted}


def _entry(raw: Mapping[str, object], name: str, declared: Property, terms: _Terms) -> object:
    found = raw.get(declared.from_key)
    try:
        if found is None and declared.required:
            raise Misfit(expected=str(declared.value_type), found=_absence(raw, declared))
        return _fit(found, declared.value_type, terms)
    except Misfit as misfit:
        raise misfit.within(f".{name}") from None


def _absence(raw: Mapping[str, object], declared: Property) -> str:
    return "blank" if declared.from_key in raw else f"missing: there is no {declared.from_key!r}"


def _any(value: object, wanted: Type, terms: _Terms) -> object:
    match value:
        case None | bool() | date() | timedelta():
            return value
        case str():
            return str(value)
        case int() | float() if _finite(value):
            return value
        case list() | tuple() | Mapping():
            return _nested(value, wanted, terms)
        case _:
            raise _misfit(value, wanted)


def _nested(value: object, wanted: Type, terms: _Terms) -> object:
    if terms.depth == 0:
        raise Misfit(expected="less deeply nested", found=show(value))
    terms.depth -= 1
    fitted = _members(value, terms) if isinstance(value, Mapping) else _list(value, Type(kind=Kind.LIST), terms)
    terms.depth += 1
    return fitted


def _members(value: Mapping[object, object], terms: _Terms) -> dict[str, object]:
    fitted: dict[str, object] = {}
    for key, each in value.items():
        if not isinstance(key, str):
            raise Misfit(expected="an object with text as its keys", found=f"one with the key {show(key)}")
        terms.spend(key)
        try:
            fitted[key] = _fit(each, Type(), terms)
        except Misfit as misfit:
            raise misfit.within(f".{key}") from None
    return fitted


_FITS: Mapping[Kind, Callable[[object, Type, _Terms], object]] = {
    Kind.ANY: _any,
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.DURATION: _duration,
    Kind.LIST: _list,
    Kind.OBJECT: _object,
}
