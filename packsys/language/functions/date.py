"""Dates and durations. Now and today are the job's, in its time zone, and stay the same while it runs."""

from __future__ import annotations

import datetime

from packsys.language.functions.registry import Clock, may_take, strict, takes
from packsys.language.signature import Kind, Shape
from packsys.values import Value, failure

_DATE, _DATETIME, _NUMBER, _DURATION = (Shape(kind) for kind in (Kind.DATE, Kind.DATETIME, Kind.NUMBER, Kind.DURATION))


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
    years, months = divmod(int(month) - 1, 12)
    try:
        return datetime.date(int(year) + years, months + 1, 1) + datetime.timedelta(days=int(day) - 1)
    except (ValueError, OverflowError):
        raise failure("Value", f"There is no day {year:g}-{month:g}-{day:g}.") from None


@strict(
    "ToDate",
    "Reads a date from a text such as 2026-01-31, a point in time, or a number of days.",
    takes("value", Kind.DATE),
    examples={'ToDate("2026-01-31")': datetime.date(2026, 1, 31)},
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
    "Year",
    "Gives a date's year.",
    takes("date", Kind.DATE),
    examples={"Year(Date(2026, 1, 31))": 2026},
    result=_NUMBER,
)
def year(value: datetime.date) -> Value:
    """Reads the year."""
    return value.year


@strict(
    "Month",
    "Gives a date's month, 1 to 12.",
    takes("date", Kind.DATE),
    examples={"Month(Date(2026, 1, 31))": 1},
    result=_NUMBER,
)
def month(value: datetime.date) -> Value:
    """Reads the month."""
    return value.month


@strict(
    "Day",
    "Gives a date's day of the month.",
    takes("date", Kind.DATE),
    examples={"Day(Date(2026, 1, 31))": 31},
    result=_NUMBER,
)
def day(value: datetime.date) -> Value:
    """Reads the day."""
    return value.day


@strict(
    "Weekday",
    "Gives a date's day of the week, 1 for Sunday to 7 for Saturday.",
    takes("date", Kind.DATE),
    examples={"Weekday(Date(2026, 1, 31))": 7},
    result=_NUMBER,
)
def weekday(value: datetime.date) -> Value:
    """Reads the day of the week."""
    return value.isoweekday() % 7 + 1


@strict(
    "Duration",
    "Gives a duration of days, hours, minutes and seconds.",
    may_take("days", Kind.NUMBER, default=0),
    may_take("hours", Kind.NUMBER, default=0),
    may_take("minutes", Kind.NUMBER, default=0),
    may_take("seconds", Kind.NUMBER, default=0),
    examples={"Duration(1, hours: 2)": datetime.timedelta(days=1, hours=2)},
    result=_DURATION,
)
def duration(days: float, hours: float, minutes: float, seconds: float) -> Value:
    """Makes a duration."""
    try:
        return datetime.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise failure("Value", "The duration is too long.") from None


@strict(
    "Days",
    "Gives a duration of a number of days.",
    takes("days", Kind.DURATION),
    examples={"Date(2026, 1, 31) + Days(1)": datetime.date(2026, 2, 1)},
    result=_DURATION,
)
def days(value: datetime.timedelta) -> Value:
    """Makes a duration."""
    return value
