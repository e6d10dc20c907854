"""Durations, and dates that are so far away."""

from __future__ import annotations

import calendar
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

from packsys.language.coercion import date_of
from packsys.language.functions.registry import may_take, strict, takes
from packsys.language.signature import Kind, Shape
from packsys.values import Failure, Value, failure, is_blank, number_of

_DATE, _DURATION, _NUMBER = Shape(Kind.DATE), Shape(Kind.DURATION), Shape(Kind.NUMBER)
_WEEKENDS = may_take("weekends", Kind.LIST, default=(7, 1))
_HOLIDAYS = may_take("holidays", Kind.LIST, default=())


@strict(
    "Duration",
    "Gives a duration of days, hours, minutes and seconds.",
    may_take("days", Kind.NUMBER, default=0),
    may_take("hours", Kind.NUMBER, default=0),
    may_take("minutes", Kind.NUMBER, default=0),
    may_take("seconds", Kind.NUMBER, default=0),
    examples={"Duration(1, hours: 2)": timedelta(days=1, hours=2)},
    result=_DURATION,
)
def duration(days: float, hours: float, minutes: float, seconds: float) -> Value:
    """Makes a duration."""
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


@strict(
    "Days",
    "Gives a duration of a number of days.",
    takes("days", Kind.DURATION),
    examples={"Date(2026, 1, 31) + Days(1)": date(2026, 2, 1)},
    result=_DURATION,
)
def days(value: timedelta) -> Value:
    """Makes a duration."""
    return value


@strict(
    "Hours",
    "Gives a duration of a number of hours.",
    takes("hours", Kind.NUMBER),
    examples={"Hours(36) = Days(1.5)": True},
    result=_DURATION,
)
def hours_(number: float) -> Value:
    """Makes a duration."""
    return timedelta(hours=number)


@strict(
    "Minutes",
    "Gives a duration of a number of minutes.",
    takes("minutes", Kind.NUMBER),
    examples={"Minutes(90) / Hours(1)": 1.5},
    result=_DURATION,
)
def minutes_(number: float) -> Value:
    """Makes a duration."""
    return timedelta(minutes=number)


@strict(
    "Seconds",
    "Gives a duration of a number of seconds.",
    takes("seconds", Kind.NUMBER),
    examples={"Seconds(90) = Minutes(1.5)": True},
    result=_DURATION,
)
def seconds_(number: float) -> Value:
    """Makes a duration."""
    return timedelta(seconds=number)


@strict(
    "RelativeDate",
    "Gives the date some months later, or earlier; where the month is too short, its last day.",
    takes("date", Kind.DATE),
    takes("months", Kind.NUMBER),
    examples={"RelativeDate(Date(2026, 1, 31), 1)": date(2026, 2, 28)},
    result=_DATE,
)
def relative_date(value: date, months: float) -> Value:
    """Moves a date by months."""
    year, month, last = _month(value, months)
    return date(year, month, min(value.day, last))


@strict(
    "EndOfMonth",
    "Gives the last day of a date's month, or of one some months later or earlier.",
    takes("date", Kind.DATE),
    may_take("months", Kind.NUMBER, default=0),
    examples={"EndOfMonth(Date(2026, 1, 15), 1)": date(2026, 2, 28)},
    result=_DATE,
)
def end_of_month(value: date, months: float) -> Value:
    """Looks for the end of a month."""
    return date(*_month(value, months))


@strict(
    "DateTimeTruncate",
    "Gives the beginning of the year, quarter, month, week (from Sunday), day, hour, minute or second of a time.",
    takes("dateTime", Kind.DATETIME),
    takes("unit", Kind.TEXT),
    examples={'DateTimeTruncate(DateTime(2026, 5, 7, 9, 30), "quarter")': datetime(2026, 4, 1)},
    result=Shape(Kind.DATETIME),
)
def date_time_truncate(moment: datetime, unit: str) -> Value:
    """Cuts a point in time off."""
    if unit.casefold() not in _BEGINNINGS:
        raise failure("Value", f"There is no unit {unit[:40]!r}: it is one of {', '.join(_BEGINNINGS)}.")
    return _BEGINNINGS[unit.casefold()](moment)


@strict(
    "NetWorkingDays",
    "Counts the days between two, both included, that are no weekends (as Weekday counts, 7 and 1) and no holidays.",
    takes("start", Kind.DATE),
    takes("end", Kind.DATE),
    _WEEKENDS,
    _HOLIDAYS,
    examples={
        "NetWorkingDays(Date(2026, 1, 1), Date(2026, 1, 31))": 22,
        "NetWorkingDays(Date(2026, 1, 1), Date(2026, 1, 31), holidays: List(Date(2026, 1, 1)))": 21,
    },
    result=_NUMBER,
)
def net_working_days(start: date, end: date, weekends: Sequence[Value], holidays: Sequence[Value]) -> Value:
    """Counts working days; backwards they are negative."""
    free = _free(weekends, holidays)
    first, last = sorted((start.toordinal(), end.toordinal()))
    return _working(first, last, *free) * (1 if start <= end else -1)


@strict(
    "WorkDay",
    "Gives the day that is so many working days after another, or before it.",
    takes("start", Kind.DATE),
    takes("days", Kind.NUMBER),
    _WEEKENDS,
    _HOLIDAYS,
    examples={"WorkDay(Date(2026, 1, 30), 1)": date(2026, 2, 2), "WorkDay(Date(2026, 2, 2), -1)": date(2026, 1, 30)},
    result=_DATE,
)
def work_day(start: date, days: float, weekends: Sequence[Value], holidays: Sequence[Value]) -> Value:
    """Looks for the working day; the search halves an interval in which it lies."""
    wanted, today, (weekend, free) = int(days), start.toordinal(), _free(weekends, holidays)
    if len(weekend) == 7:
        raise failure("Value", "Every day is a weekend: there are no working days.")
    reach = range((abs(wanted) + 2) * 7 + 7 * len(free))
    if wanted < 0:
        return _dated(
            today - bisect_left(reach, -wanted, key=lambda away: _working(today - away, today - 1, weekend, free))
        )
    return _dated(today + bisect_left(reach, wanted, key=lambda away: _working(today + 1, today + away, weekend, free)))


def _free(weekends: Sequence[Value], holidays: Sequence[Value]) -> tuple[frozenset[int], list[int]]:
    # Days of the week as date.toordinal() counts them: 0 is Sunday, like Weekday's 1.
    weekend = frozenset(int(number_of(day)) - 1 for day in weekends)
    if not weekend <= frozenset(range(7)):
        raise failure("Value", "Weekends are days of the week, 1 for Sunday to 7 for Saturday.")
    days = {date_of(day).toordinal() for day in holidays if not is_blank(day)}
    return weekend, sorted(day for day in days if day % 7 not in weekend)


def _working(first: int, last: int, weekend: frozenset[int], free: Sequence[int]) -> int:
    if last < first:
        return 0
    weeks, rest = divmod(last - first + 1, 7)
    days = weeks * (7 - len(weekend)) + sum((first + more) % 7 not in weekend for more in range(rest))
    return days - (bisect_left(free, last + 1) - bisect_left(free, first))


def _dated(ordinal: int) -> date:
    if not 1 <= ordinal <= date.max.toordinal():
        raise _too_far()
    return date.fromordinal(ordinal)


def _too_far() -> Failure:
    return failure("Value", "The date is too far away: years are counted from 1 to 9999.")


def _month(value: date, months: float) -> tuple[int, int, int]:
    years, month = divmod(value.month - 1 + int(months), 12)
    year = value.year + years
    if not 1 <= year <= 9999:
        raise _too_far()
    return year, month + 1, calendar.monthrange(year, month + 1)[1]


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


_BEGINNINGS: Mapping[str, Callable[[datetime], datetime]] = {
    "year": lambda moment: _midnight(moment).replace(month=1, day=1),
    "quarter": lambda moment: _midnight(moment).replace(month=(moment.month - 1) // 3 * 3 + 1, day=1),
    "month": lambda moment: _midnight(moment).replace(day=1),
    "week": lambda moment: _midnight(moment) - timedelta(days=moment.isoweekday() % 7),
    "day": _midnight,
    "hour": lambda moment: moment.replace(minute=0, second=0, microsecond=0),
    "minute": lambda moment: moment.replace(second=0, microsecond=0),
    "second": lambda moment: moment.replace(microsecond=0),
}
