"""Reads dates and times from texts that people write."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_NUMBER = {name[:length]: at for at, name in enumerate(_MONTHS, 1) for length in (3, len(name))} | {"sept": 9}

_DAY_FIRST = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?[ .\-/]{1,2}(?P<month>[a-z]{3,9})[ .,\-/]{1,2}(?P<year>[0-9]{4})"
_MONTH_FIRST = r"(?P<month>[a-z]{3,9})[ .]{1,2}(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?[ ,]{1,2}(?P<year>[0-9]{4})"
_YEAR_FIRST = r"(?P<year>[0-9]{4})[/.](?P<month>[0-9]{1,2})[/.](?P<day>[0-9]{1,2})"
_CLOCK = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?(?: ?(?P<half>[ap])\.?m\.?)?"
_DATES = tuple(re.compile(rf"{form}(?:,? {{1,2}}{_CLOCK})?") for form in (_DAY_FIRST, _MONTH_FIRST, _YEAR_FIRST))
_TIME = re.compile(_CLOCK)


def read_date(text: str) -> datetime | None:
    """Reads a date, with a time where there is one; None for what is none.

    It knows ISO 8601, ``31 January 2026``, ``Jan 31, 2026``, ``31-Jan-2026`` and ``2026/1/31``. Names of months are
    English. What one country reads as January and another as February (``1/2/2026``) is read nowhere.
    """
    written = " ".join(text.split()) if len(text) <= 100 else ""
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        found = next((match for form in _DATES if (match := form.fullmatch(written.lower()))), None)
        return found and _moment(found)


def read_time(text: str) -> timedelta | None:
    """Reads a time of day, ``14:30`` or ``2:30 PM``, as the duration since midnight; None for what is none."""
    found = _TIME.fullmatch(text.strip().lower()) if len(text) <= 100 else None
    return found and _clock(found)


def _moment(found: re.Match[str]) -> datetime | None:
    name = found["month"]
    month = int(name) if name.isdigit() else _NUMBER.get(name, 0)
    clock = timedelta() if found["hour"] is None else _clock(found)
    try:
        day = date(int(found["year"]), month, int(found["day"]))
    except ValueError:
        return None
    return None if clock is None else datetime(day.year, day.month, day.day) + clock


def _clock(found: re.Match[str]) -> timedelta | None:
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    if found["half"] and not 1 <= hour <= 12:
        return None
    hour = hour % 12 + 12 * (found["half"] == "p") if found["half"] else hour
    fits = hour < 24 and minute < 60 and second < 60
    return timedelta(hours=hour, minutes=minute, seconds=second) if fits else None
