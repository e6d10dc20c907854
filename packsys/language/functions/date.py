"""Dates and times made and read. Now and today are the job's, in its time zone, and stay the same while it runs."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from packsys.language.coercion import datetime_of
from packsys.language.dates import read_time
from packsys.language.functions.registry import Clock, may_take, strict, takes
from packsys.language.signature import Kind, Shape
from packsys.values import Value, failure, wall_clock

_DATE, _DATETIME, _DURATION = (Shape(kind) for kind in (Kind.DATE, Kind.DATETIME, Kind.DURATION))


@strict("Now", "Gives this moment.", volatile=True, examples={"Now() = Now()": True}, result=_DATETIME)
def now(clock: Clock) -> Value:
    """Reads the clock."""
    return clock.now


@strict("Today", "Gives today's date.", volatile=True, examples={"Today() = ToDate(Now())": True}, result=_DATE)
def today(clock: Clock) -> Value:
    """Reads the calendar."""
    return clock.now.date()


@strict(
    "Date",
    "Gives a date from year, month and day; months and days beyond their ends count on.",
    takes("year", Kind.NUMBER),
    takes("month", Kind.NUMBER),
    takes("day", Kind.NUMBER),
    examples={"Date(2026, 1, 31)": datetime.date(2026, 1, 31), "Date(2026, 14, 0)": datetime.date(2027, 1, 31)},
    result=_DATE,
)
def date(year: float, month: float, day: float) -> Value:
    """Makes a date."""
    return _day(year, month, day)


@strict(
    "ToDate",
    "Reads a date from a text such as 2026-01-31 or Jan 31, 2026, a point in time, or a number of days.",
    takes("value", Kind.DATE),
    examples={'ToDate("2026-01-31")': datetime.date(2026, 1, 31), 'ToDate("31-Jan-2026")': datetime.date(2026, 1, 31)},
    result=_DATE,
)
def to_date(value: datetime.date) -> Value:
    """Reads a date."""
    return value


@strict(
    "ToDateTime",
    "Reads a point in time from a text such as 2026-01-31T12:00, a date, or a number of days.",
    takes("value", Kind.DATETIME),
    examples={'ToDateTime("2026-01-31T12:00")': datetime.datetime(2026, 1, 31, 12)},
    result=_DATETIME,
)
def to_date_time(value: datetime.datetime) -> Value:
    """Reads a point in time."""
    return value


@strict(
    "DateTime",
    "Gives a point in time from year, month, day, hour, minute and second; what is beyond its end counts on.",
    takes("year", Kind.NUMBER),
    takes("month", Kind.NUMBER),
    takes("day", Kind.NUMBER),
    may_take("hour", Kind.NUMBER, default=0),
    may_take("minute", Kind.NUMBER, default=0),
    may_take("second", Kind.NUMBER, default=0),
    examples={"DateTime(2026, 1, 31, 23, 90)": datetime.datetime(2026, 2, 1, 0, 30)},
    result=_DATETIME,
)
def date_time(year: float, month: float, day: float, *clock: float) -> Value:
    """Makes a point in time."""
    hour, minute, second = clock
    midnight = wall_clock(_day(year, month, day))
    return midnight + datetime.timedelta(hours=hour, minutes=minute, seconds=second)


@strict(
    "InTimeZone",
    "Gives a point in time as the clocks of a time zone show it; one without a zone is taken to be of that zone.",
    takes("dateTime", Kind.DATETIME),
    takes("zone", Kind.TEXT),
    examples={
        'ToDateTime("2026-01-31T12:00+00:00").InTimeZone("Asia/Tokyo").ToText()': "2026-01-31T21:00:00+09:00",
        'DateTime(2026, 7, 1).InTimeZone("Europe/Oslo").ToText()': "2026-07-01T00:00:00+02:00",
    },
    result=_DATETIME,
)
def in_time_zone(moment: datetime.datetime, zone: str) -> Value:
    """Changes the time zone."""
    try:
        known = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise failure("Value", f"There is no time zone {zone[:40]!r}: write it as Europe/Oslo.") from None
    return moment.replace(tzinfo=known) if moment.tzinfo is None else moment.astimezone(known)


@strict(
    "Time",
    "Gives a time of day from hour, minute and second, as the duration since midnight.",
    takes("hour", Kind.NUMBER),
    takes("minute", Kind.NUMBER),
    may_take("second", Kind.NUMBER, default=0),
    examples={"Date(2026, 1, 31) + Time(9, 30)": datetime.datetime(2026, 1, 31, 9, 30)},
    result=_DURATION,
)
def time(hour: float, minute: float, second: float) -> Value:
    """Makes a time of day."""
    return datetime.timedelta(hours=hour, minutes=minute, seconds=second) % datetime.timedelta(days=1)


@strict(
    "ToTime",
    "Reads a time of day, as the duration since midnight, from a point in time or a text such as 14:30 or 2:30 PM.",
    takes("value"),
    examples={'ToTime("2:30 PM") = Time(14, 30)': True, "ToTime(DateTime(2026, 1, 31, 9)) = Time(9, 0)": True},
    result=_DURATION,
)
def to_time(value: Value) -> Value:
    """Reads a time of day."""
    found = read_time(value) if isinstance(value, str) else None
    return time_of(value) if found is None else found


def time_of(value: Value) -> datetime.timedelta:
    """Gives the time of day of a point in time; a duration is one since midnight."""
    if isinstance(value, datetime.timedelta):
        return value % datetime.timedelta(days=1)
    moment = wall_clock(datetime_of(value))
    return moment - datetime.datetime(moment.year, moment.month, moment.day)


def _day(year: float, month: float, day: float) -> datetime.date:
    years, months = divmod(int(month) - 1, 12)
    try:
        return datetime.date(int(year) + years, months + 1, 1) + datetime.timedelta(days=int(day) - 1)
    except (ValueError, OverflowError):
        raise failure("Value", f"There is no day {year:g}-{month:g}-{day:g}.") from None
