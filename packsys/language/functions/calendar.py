"""The parts of a date: its year, its week, the names of its month and day."""

from __future__ import annotations

from datetime import date

from packsys.language.coercion import date_of
from packsys.language.functions.date import time_of
from packsys.language.functions.registry import may_take, may_take_locale, strict, takes
from packsys.language.locales import date_text, month_name, weekday_name
from packsys.language.signature import Kind, Shape
from packsys.values import Value, failure

_NUMBER, _TEXT = Shape(Kind.NUMBER), Shape(Kind.TEXT)
_FORMAT = may_take("format", Kind.TEXT, default="long")
_LOCALE = may_take_locale()
_WIDTHS = {"long": "wide", "short": "abbreviated", "mmmm": "wide", "mmm": "abbreviated"}
_WIDTHS |= {"dddd": "wide", "ddd": "abbreviated"}


@strict(
    "Year",
    "Gives a date's year.",
    takes("date", Kind.DATE),
    examples={"Year(Date(2026, 1, 31))": 2026},
    result=_NUMBER,
)
def year(value: date) -> Value:
    """Reads the year."""
    return value.year


@strict(
    "Quarter",
    "Gives a date's quarter of the year, 1 to 4.",
    takes("date", Kind.DATE),
    examples={"Quarter(Date(2026, 5, 1))": 2},
    result=_NUMBER,
)
def quarter(value: date) -> Value:
    """Reads the quarter."""
    return (value.month + 2) // 3


@strict(
    "Month",
    "Gives a date's month, 1 to 12.",
    takes("date", Kind.DATE),
    examples={"Month(Date(2026, 1, 31))": 1},
    result=_NUMBER,
)
def month(value: date) -> Value:
    """Reads the month."""
    return value.month


@strict(
    "Day",
    "Gives a date's day of the month.",
    takes("date", Kind.DATE),
    examples={"Day(Date(2026, 1, 31))": 31},
    result=_NUMBER,
)
def day(value: date) -> Value:
    """Reads the day."""
    return value.day


@strict(
    "DayOfYear",
    "Gives a date's day of the year, 1 to 366.",
    takes("date", Kind.DATE),
    examples={"DayOfYear(Date(2026, 2, 1))": 32},
    result=_NUMBER,
)
def day_of_year(value: date) -> Value:
    """Counts the days."""
    return value.timetuple().tm_yday


@strict(
    "Weekday",
    "Gives a date's day of the week, 1 for Sunday to 7 for Saturday.",
    takes("date", Kind.DATE),
    examples={"Weekday(Date(2026, 1, 31))": 7},
    result=_NUMBER,
)
def weekday(value: date) -> Value:
    """Reads the day of the week."""
    return value.isoweekday() % 7 + 1


@strict(
    "IsoWeekday",
    "Gives a date's day of the week, 1 for Monday to 7 for Sunday (ISO 8601).",
    takes("date", Kind.DATE),
    examples={"IsoWeekday(Date(2026, 2, 1))": 7},
    result=_NUMBER,
)
def iso_weekday(value: date) -> Value:
    """Reads the day of the week."""
    return value.isoweekday()


@strict(
    "WeekNumber",
    "Gives a date's week of the year; weeks begin on Sunday, and the first is the one of January 1.",
    takes("date", Kind.DATE),
    examples={"WeekNumber(Date(2000, 1, 2))": 2},
    result=_NUMBER,
)
def week_number(value: date) -> Value:
    """Counts the weeks."""
    return (value.timetuple().tm_yday - 1 + date(value.year, 1, 1).isoweekday() % 7) // 7 + 1


@strict(
    "IsoWeekNumber",
    "Gives a date's week of the year; weeks begin on Monday, and the first has four days (ISO 8601).",
    takes("date", Kind.DATE),
    examples={"IsoWeekNumber(Date(2000, 1, 2))": 52},
    result=_NUMBER,
)
def iso_week_number(value: date) -> Value:
    """Counts the weeks."""
    return value.isocalendar().week


@strict(
    "Hour",
    "Gives the hour of a point in time or a time of day, 0 to 23.",
    takes("dateTime"),
    examples={"Hour(DateTime(2026, 1, 31, 14, 30))": 14},
    result=_NUMBER,
)
def hour(value: Value) -> Value:
    """Reads the hour."""
    return time_of(value).seconds // 3600


@strict(
    "Minute",
    "Gives the minute of a point in time or a time of day, 0 to 59.",
    takes("dateTime"),
    examples={"Minute(Time(14, 30))": 30},
    result=_NUMBER,
)
def minute(value: Value) -> Value:
    """Reads the minute."""
    return time_of(value).seconds // 60 % 60


@strict(
    "Second",
    "Gives the second of a point in time or a time of day, 0 to 59.",
    takes("dateTime"),
    examples={"Second(DateTime(2026, 1, 31, 14, 30, 15))": 15},
    result=_NUMBER,
)
def second(value: Value) -> Value:
    """Reads the second."""
    return time_of(value).seconds % 60


@strict(
    "MonthName",
    "Names a date's month, long or short, in a language.",
    takes("date", Kind.DATE),
    _FORMAT,
    _LOCALE,
    examples={"MonthName(Date(2026, 3, 1))": "March", 'MonthName(Date(2026, 3, 1), "short", "de")': "März"},
    result=_TEXT,
)
def month_name_(value: date, form: str, locale: str) -> Value:
    """Names the month."""
    return month_name(value.month, _width(form), locale)


@strict(
    "WeekdayName",
    "Names a date's day of the week, long or short, in a language.",
    takes("date", Kind.DATE),
    _FORMAT,
    _LOCALE,
    examples={"WeekdayName(Date(2026, 1, 31))": "Saturday", 'WeekdayName(Date(2026, 1, 31), "short")': "Sat"},
    result=_TEXT,
)
def weekday_name_(value: date, form: str, locale: str) -> Value:
    """Names the day of the week."""
    return weekday_name(value.weekday(), _width(form), locale)


@strict(
    "FormatDate",
    "Writes a date or a point in time by a pattern such as d MMMM yyyy, or short, medium, long, full, in a language.",
    takes("date"),
    takes("format", Kind.TEXT),
    _LOCALE,
    examples={
        'FormatDate(Date(2026, 1, 31), "d MMMM yyyy")': "31 January 2026",
        'FormatDate(Date(2026, 1, 31), "long", "fr")': "31 janvier 2026",
    },
    result=_TEXT,
)
def format_date(value: Value, form: str, locale: str) -> Value:
    """Writes a date."""
    return date_text(value if isinstance(value, date) else date_of(value), form, locale)


def _width(form: str) -> str:
    if form.casefold() not in _WIDTHS:
        raise failure("Value", f"Names are long or short, and not {form[:40]!r}.")
    return _WIDTHS[form.casefold()]
