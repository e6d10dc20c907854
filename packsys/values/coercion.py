"""What operators and functions make of a value: text, number, condition."""

from __future__ import annotations

import json
import math
import re
from datetime import date, datetime, timedelta
from decimal import Decimal

from packsys.values.kept import finite
from packsys.values.kinds import Account, ErrorValue, Failure, Value, failure, is_blank, kind_of
from packsys.values.plain import duration_text, plain

_EPOCH = datetime(1899, 12, 30)  # day 0 of dates as numbers, as packs know it
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?(%?)")


def text_of(value: Value) -> str:
    """Shows a value as text: lists with commas, objects as JSON, dates and durations by ISO 8601.

    Raises :class:`Failure` with the error itself for an error value.
    """
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return _number_text(finite(value))
        case date():
            return value.isoformat()
        case timedelta():
            return duration_text(value)
        case Account():
            return value.id
        case ErrorValue():
            raise Failure(value)
        case list() | tuple():
            return ", ".join(map(text_of, value))
    return json.dumps(plain(value), ensure_ascii=False)


def _number_text(number: float) -> str:
    if isinstance(number, int) or (number.is_integer() and abs(number) < 1e15):
        return str(int(number))
    shown = repr(number)
    if "e" not in shown or not 1e-7 <= abs(number) < 1e21:
        return shown
    return format(Decimal(shown), "f")


def number_of(value: Value) -> int | float:
    """Reads a value as a number: blank is 0, true 1, dates and durations are days (day 0 is 1899-12-30).

    Raises :class:`Failure` for a text that does not read as a number, and for lists, objects and accounts.
    """
    match value:
        case bool() | None:
            return int(value or 0)
        case int() | float():
            return finite(value)
        case str():
            return _read_number(value)
        case date():
            return tidy((wall_clock(value) - _EPOCH) / timedelta(days=1))
        case timedelta():
            return tidy(value / timedelta(days=1))
        case ErrorValue():
            raise Failure(value)
    raise failure("Value", f"{kind_of(value).capitalize()} cannot be read as a number.")


def _read_number(text: str) -> int | float:
    stripped = text.strip()
    found = _NUMBER.fullmatch(stripped) if len(stripped) <= 400 else None
    if found is None:
        shown = stripped if len(stripped) <= 40 else stripped[:40] + "…"
        raise failure("Value", f"The text {json.dumps(shown, ensure_ascii=False)} does not read as a number.")
    digits = stripped.rstrip("%")
    number = int(digits) if digits.lstrip("+-").isdigit() else tidy(float(digits))
    return tidy(number / 100) if found.group(1) else finite(number)


def truth_of(value: Value) -> bool:
    """Reads a value as a condition.

    Blank, the empty text and the empty list are false, numbers other than 0 are true, and the texts ``true`` and
    ``false`` are what they say. Raises :class:`Failure` for the rest: ``If(name, …)`` is a slip, not a question.
    """
    match value:
        case ErrorValue():
            raise Failure(value)
        case bool() | int() | float():
            return bool(value)
        case str() if value.casefold() in ("true", "false"):
            return value.casefold() == "true"
    if is_blank(value):
        return False
    raise failure("Value", f"{kind_of(value).capitalize()} is no condition: compare it, or ask IsNotBlank(…).")


def tidy(number: float) -> int | float:
    """Rounds a computed float to 15 significant digits, so that 0.1 + 0.2 is 0.3; a whole one becomes an integer.

    Fifteen is what a 64-bit float keeps of any decimal number (IEEE 754). Raises :class:`Failure` when the number
    is not finite or too large.
    """
    if isinstance(number, int):
        return finite(number)
    rounded = float(f"{finite(number):.15g}")
    if math.isinf(rounded):  # the largest floats have nothing above them to be rounded to
        return number
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded


def wall_clock(value: date) -> datetime:
    """Takes a date or a point in time as its clock shows it, without its time zone."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
