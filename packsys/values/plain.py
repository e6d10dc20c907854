"""The form of a value that HTTP clients read and send."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from packsys.errors import RequestError
from packsys.values.kept import deeper, scalar
from packsys.values.kinds import Account, ErrorValue, Failure, Json, Value


def plain(value: Value) -> Json:
    """Writes a value as a client wants to read it.

    Dates, points in time and durations are ISO 8601 texts, an account is ``{"account": id}``, an error
    ``{"error": {code, message, …}}``. Raises :class:`Failure` as :func:`to_json` does.
    """
    return _plain(value, 0)


def _plain(value: Value, depth: int) -> Json:
    match value:
        case list() | tuple():
            return [_plain(item, deeper(depth)) for item in value]
        case Mapping():
            return {_readable(key): _plain(item, deeper(depth)) for key, item in value.items()}
        case str():
            return _readable(value)
        case date():
            return value.isoformat()
        case timedelta():
            return duration_text(value)
        case Account():
            return {"account": value.id}
        case ErrorValue():
            return {"error": _plain_error(value)}
    return scalar(value)


def _readable(text: str) -> str:
    # Half of a surrogate pair has no UTF-8: readers see U+FFFD instead.
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _plain_error(error: ErrorValue) -> Json:
    shown: dict[str, Json] = {
        "code": error.code,
        "message": error.message,
        "advice": error.advice,
        "category": error.category.value,
        "actor": error.actor.value,
        "retryable": error.retryable,
    }
    if error.retry_after is not None:
        shown["retry_after"] = error.retry_after
    if error.origin is not None:
        shown["origin"] = {"start": error.origin.start, "end": error.origin.end, "call": error.origin.call}
    return shown


def from_plain(data: Json) -> Value:
    """Reads a value that a client sent; ``{"account": "id"}`` is an account, everything else what it looks like.

    Raises :class:`~packsys.errors.RequestError` for numbers and nesting that no formula may hold.
    """
    try:
        return _from_plain(data, 0)
    except Failure as problem:
        raise RequestError(problem.error.message) from problem


def _from_plain(data: Any, depth: int) -> Value:
    if isinstance(data, list):
        return [_from_plain(item, deeper(depth)) for item in data]
    if not isinstance(data, dict):
        return scalar(data)
    if data.keys() == {"account"} and isinstance(data["account"], str):
        return Account(data["account"])
    return {key: _from_plain(item, deeper(depth)) for key, item in data.items()}


def duration_text(duration: timedelta) -> str:
    """Writes a duration by ISO 8601: ``P1DT2H``."""
    sign, rest = ("-", -duration) if duration < timedelta(0) else ("", duration)
    hours, seconds = divmod(rest.seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    fraction = f".{rest.microseconds:06}".rstrip("0") if rest.microseconds else ""
    parts = [(hours, "H"), (minutes, "M"), (f"{seconds}{fraction}" if seconds or fraction else 0, "S")]
    clock = "".join(f"{amount}{unit}" for amount, unit in parts if amount)
    days = f"{rest.days}D" if rest.days else ""
    return f"{sign}P{days}{'T' if clock else ''}{clock}" if days or clock else "PT0S"
