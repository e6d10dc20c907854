"""Values between Python and JavaScript: JSON, with a tag under ``$`` for what JSON has not.

What comes from the isolate was written by strangers: it is read with bounds, and every wrong type is refused.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final

DEEPEST = 220  # the isolate itself stops at 200
LONGEST_TEXT = 4000  # characters of an error's name or message
MOST_VALUES = 1_000_000  # in one frame: three bytes of JSON can be a hundred bytes of Python

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)


class Malformed(ValueError):
    """The isolate sent something that the thunk never writes."""


class _Undefined:
    def __repr__(self) -> str:
        return "undefined"

    def __bool__(self) -> bool:
        return False


UNDEFINED: Final = _Undefined()


@dataclass(frozen=True, kw_only=True)
class Raised:
    """Is an error of the pack: its name and message, what else it carries, and the request that caused it."""

    name: str
    message: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    request: int | None = None

    @property
    def for_user(self) -> bool:
        """Tells whether the pack means the message for its user."""
        return self.name == "UserVisibleError" or self.extra.get("isUserVisible") is True


def encode(value: object, *, zone: tzinfo = UTC) -> Any:
    """Writes a value for the isolate; a date is its first moment in ``zone``, a duration a number of days."""
    match value:
        case _Undefined():
            return {"$": "u"}
        case None | bool() | str() | int():
            return value
        case float():
            return value if math.isfinite(value) else {"$": "n", "v": _number_name(value)}
        case bytes() | bytearray():
            return {"$": "b", "v": base64.b64encode(value).decode()}
        case datetime():
            return {"$": "d", "v": _milliseconds(value if value.tzinfo else value.replace(tzinfo=zone))}
        case date():
            return {"$": "d", "v": _milliseconds(datetime.combine(value, time(), zone))}
        case timedelta():
            return value / timedelta(days=1)
        case Mapping():
            members = {str(key): encode(each, zone=zone) for key, each in value.items()}
            return {"$": "o", "v": members} if "$" in members else members
        case list() | tuple():
            return [encode(each, zone=zone) for each in value]
        case _:
            raise TypeError(f"A Python {type(value).__name__} cannot be given to a pack in JavaScript.")


def dumps(message: Mapping[str, Any]) -> str:
    """Writes a message as ASCII, since half a surrogate pair has no UTF-8."""
    return _ENCODER.encode(message)


def loads(text: bytes) -> Any:
    """Reads a frame as JSON; raises :class:`Malformed`, also for one that holds too many values."""
    if _values(text) > MOST_VALUES and _values(_STRING.sub(b"", text)) > MOST_VALUES:
        raise Malformed(f"more than {MOST_VALUES} values at once")
    try:
        return _DECODER.decode(text.decode())
    except (ValueError, RecursionError) as error:
        raise Malformed(f"a frame that is no JSON ({type(error).__name__})") from error


def decode(value: Any, depth: int = 0) -> Any:
    """Reads a value that the isolate wrote.

    ``undefined`` becomes :data:`UNDEFINED` at the top and in lists, and leaves no member in objects. Raises
    :class:`Malformed`.
    """
    if depth > DEEPEST:
        raise Malformed("a value that is nested too deeply")
    if isinstance(value, list):
        return [decode(each, depth + 1) for each in value]
    if not isinstance(value, dict):
        return value
    tag = value.get("$")
    if tag is None:
        return _members(value, depth)
    reader = _TAGS.get(tag) if isinstance(tag, str) else None
    if reader is None:
        raise Malformed("an unknown tag")
    return reader(value.get("v"), depth + 1)


def read_raised(value: Any, depth: int = 0) -> Raised:
    """Reads an error that the isolate wrote; raises :class:`Malformed`."""
    members = decode(value, depth)
    if not isinstance(members, dict):
        raise Malformed("an error that is no object")
    request = members.pop("request", None)
    return Raised(
        name=_text(members.pop("name", "Error")) or "Error",
        message=_text(members.pop("message", "")),
        extra=members,
        request=request if type(request) is int else None,
    )


def _members(value: Mapping[str, Any], depth: int) -> dict[str, Any]:
    read = ((key, decode(each, depth + 1)) for key, each in value.items())
    return {key: each for key, each in read if each is not UNDEFINED}


def _values(text: bytes) -> int:
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def _refuse(constant: str) -> None:
    raise ValueError(constant)


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_DECODER: Final = json.JSONDecoder(parse_constant=_refuse)


def _text(value: Any) -> str:
    return value[:LONGEST_TEXT] if isinstance(value, str) else ""


def _number_name(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _milliseconds(moment: datetime) -> float:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1)


def _undefined(_: Any, __: int) -> Any:
    return UNDEFINED


def _number(value: Any, _: int) -> float:
    names = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "-0": -0.0}
    if not isinstance(value, str) or value not in names:
        raise Malformed("a number that is none")
    return names[value]


def _integer(value: Any, _: int) -> int:
    if not isinstance(value, str) or len(value) > 400:
        raise Malformed("a BigInt that is none")
    try:
        return int(value)
    except ValueError as error:
        raise Malformed("a BigInt that is none") from error


def _moment(value: Any, _: int) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None  # an invalid Date
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)
    except OverflowError:
        return None


def _bytes(value: Any, _: int) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise Malformed("bytes that are none") from error


def _pairs(value: Any, depth: int) -> list[Any]:
    if not isinstance(value, list):
        raise Malformed("a collection that is none")
    return [decode(each, depth) for each in value]


def _object(value: Any, depth: int) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Malformed("an object that is none")
    return _members(value, depth)


def _error(value: Any, depth: int) -> Raised:
    return read_raised(value, depth)


_TAGS: Mapping[str, Callable[[Any, int], Any]] = {
    "u": _undefined,
    "n": _number,
    "i": _integer,
    "d": _moment,
    "b": _bytes,
    "m": _pairs,
    "s": _pairs,
    "r": lambda value, _: _text(value),
    "o": _object,
    "e": _error,
    "f": lambda _, __: True,  # a function of a manifest: it is there
}
