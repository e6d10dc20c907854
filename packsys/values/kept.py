"""The form of a value that the stores keep, and the bytes that keys are made of."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any

from packsys.errors import Actor
from packsys.values.kinds import Account, ErrorValue, Failure, Json, Origin, Value, failure

MAX_DEPTH = 64
"""Lists and objects inside each other, at most."""

MAX_BITS = 1024
"""Size of an integer, at most: the range of a float, and far below what Python refuses to print."""

_SHORT = 10**15  # what most numbers are below, and nothing has to be looked at for
_TAG = "$"
_WORDS: Mapping[bool | None, str] = {None: "null", True: "true", False: "false"}


def to_json(value: Value) -> Json:
    """Writes a value as JSON, without loss.

    Kinds that JSON lacks, and objects that look like them, become ``{"$": kind, "v": …}``. Raises
    :class:`Failure` for what no formula may hold: numbers that are not finite or beyond ``MAX_BITS``, nesting
    beyond ``MAX_DEPTH``, foreign objects.
    """
    return _encode(value, 0, finite)


def from_json(data: Json) -> Value:
    """Reads what :func:`to_json` wrote; raises :class:`Failure` for anything else."""
    try:
        return _decode(data)
    except Failure:
        raise
    except (KeyError, TypeError, ValueError) as problem:
        raise Failure(ErrorValue("Value", "A kept value is damaged: it is not what to_json writes.")) from problem


def kept_text(value: Value) -> str:
    """Writes what :func:`to_json` makes of a value as JSON that any text column takes; raises as that does."""
    return _written(value, 0, _KEPT)


def canonical(value: Value) -> bytes:
    """Writes a value as bytes that are equal when the values are: 1 and 1.0, and objects in any order."""
    return _written(value, 0, _CANONICAL).encode("ascii")


@dataclass(frozen=True)
class _Form:
    """Is how JSON is written: its numbers, texts, and the order of an object's names."""

    number: Callable[[float], int | float]
    quoted: Callable[[str], str]
    order: Callable[[Iterable[str]], Iterable[str]]
    encoder: json.JSONEncoder


def _written(value: Value, depth: int, form: _Form) -> str:
    # In one go, as most values are small: to make an encoder of JSON takes longer than to write them.
    if type(value) is int and -_SHORT < value < _SHORT:
        return repr(value)
    match value:
        case str() if _storable(value):
            return form.quoted(value)
        case dict() if _is_plain(value):
            return _object_text(value, deeper(depth), form)
        case list() | tuple():
            inner = deeper(depth)
            return f"[{','.join([_written(item, inner, form) for item in value])}]"
        case None | bool():
            return _WORDS[value]
        case int() | float():
            return repr(form.number(value))
        case Mapping() if _is_plain(value):
            return _object_text(value, deeper(depth), form)
    return form.encoder.encode(_encode(value, depth, form.number))


def _object_text(value: Mapping[str, Value], depth: int, form: _Form) -> str:
    quoted = form.quoted
    pairs = [f"{quoted(name)}:{_written(value[name], depth, form)}" for name in form.order(value)]
    return f"{{{','.join(pairs)}}}"


def _encode(value: Value, depth: int, number: Callable[[float], int | float]) -> Json:
    if type(value) is int and -_SHORT < value < _SHORT:
        return value
    match value:
        case None | bool():
            return value
        case str():
            return value if _storable(value) else _tagged("text", value.encode("utf-16-le", "surrogatepass").hex())
        case int() | float():
            return number(value)
        case list() | tuple():
            return [_encode(item, deeper(depth), number) for item in value]
        case dict() | Mapping():  # the second question costs much, and the first answers nearly always
            return _encode_object(value, deeper(depth), number)
    return _encode_special(value)


def _encode_special(value: Value) -> Json:
    match value:
        case datetime():
            return _tagged("datetime", value.isoformat())
        case date():
            return _tagged("date", value.isoformat())
        case timedelta():
            return _tagged("duration", value // timedelta(microseconds=1))
        case Account():
            return _tagged("account", value.id)
        case ErrorValue():
            return _tagged("error", _encode_error(value))
    raise _foreign(value)


def _encode_object(value: Mapping[str, Value], depth: int, number: Callable[[float], int | float]) -> Json:
    if _is_plain(value):
        return {key: _encode(item, depth, number) for key, item in value.items()}
    pairs = sorted(value.items())
    return _tagged("object", [[_encode(key, 0, number), _encode(item, depth, number)] for key, item in pairs])


def _is_plain(value: Mapping[str, Value]) -> bool:
    try:
        return _TAG not in value and _storable("".join(value))
    except TypeError:
        raise failure("Value", "An object has a key that is not a text: a formula cannot hold it.") from None


def _encode_error(error: ErrorValue) -> Json:
    origin = error.origin and [error.origin.start, error.origin.end, error.origin.call]
    after = None if error.retry_after is None else finite(error.retry_after)
    return [error.code, error.message, error.actor.value, error.retryable, after, origin]


def _decode(data: Any, depth: int = 0) -> Value:
    if isinstance(data, list):
        return [_decode(item, deeper(depth)) for item in data]
    if not isinstance(data, dict):
        return scalar(data)
    if _TAG not in data:
        return {key: _decode(item, deeper(depth)) for key, item in data.items()}
    return _decode_tagged(data[_TAG], data["v"], depth)


def _decode_tagged(kind: str, data: Any, depth: int) -> Value:
    match kind:
        case "text":
            return bytes.fromhex(data).decode("utf-16-le", "surrogatepass")
        case "datetime":
            return datetime.fromisoformat(data)
        case "date":
            return date.fromisoformat(data)
        case "duration":
            return timedelta(microseconds=data)
        case "account":
            return Account(data)
        case "error":
            code, message, actor, retryable, after, origin = data
            return ErrorValue(code, message, Actor(actor), retryable, after, origin and Origin(*origin))
        case "object":
            return {str(_decode(key)): _decode(item, deeper(depth)) for key, item in data}
    raise ValueError(kind)


def _tagged(kind: str, data: Json) -> Json:
    return {_TAG: kind, "v": data}


def _storable(text: str) -> bool:
    # PostgreSQL keeps no U+0000, and UTF-8 no half of a surrogate pair.
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def scalar(data: Any) -> bool | int | float | str | None:
    """Passes a blank, a boolean, a text or a number that a formula may hold."""
    if isinstance(data, (int, float)) and not isinstance(data, bool):
        return finite(data)
    if data is None or isinstance(data, (bool, str)):
        return data
    raise _foreign(data)


def finite(number: float) -> int | float:
    """Passes a number that a formula may hold."""
    if isinstance(number, int):
        if number.bit_length() > MAX_BITS:
            raise failure("Number", "A number has more than 309 digits: a formula cannot hold it.")
    elif not math.isfinite(number):
        raise failure("Number", "A number is infinite or not a number at all: a formula cannot hold it.")
    return number


def _even(number: float) -> int | float:
    finite(number)
    return int(number) if isinstance(number, int) or number.is_integer() else number


def deeper(depth: int) -> int:
    """Counts one more level of nesting, up to ``MAX_DEPTH``."""
    if depth >= MAX_DEPTH:
        raise failure("Value", f"Lists and objects are nested more than {MAX_DEPTH} levels deep.")
    return depth + 1


def _foreign(value: object) -> Failure:
    return failure("Value", f"A formula cannot hold a Python {type(value).__name__}.")


_KEPT = _Form(finite, encode_basestring, iter, json.JSONEncoder(separators=(",", ":")))
_CANONICAL = _Form(
    _even, encode_basestring_ascii, sorted, json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
)
