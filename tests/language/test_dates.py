"""Dates are read as people write them, counted as calendars count them, and keep their time zones."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packsys.language.dates import read_date, read_time
from packsys.language.scope import FixedScope
from packsys.values import Value
from tests.language.catalogue import failing, value_of

DAY = datetime(2026, 1, 31)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31", DAY),
        (" 2026-01-31 ", DAY),
        ("20260131", DAY),
        ("2026/1/31", DAY),
        ("2026.01.31", DAY),
        ("31 January 2026", DAY),
        ("31. January 2026", DAY),
        ("31-JAN-2026", DAY),
        ("31st Jan. 2026", DAY),
        ("Jan 31, 2026", DAY),
        ("january 31st 2026", DAY),
        ("Sept 3, 2026", datetime(2026, 9, 3)),
        ("Jan 31, 2026 2:05 pm", DAY.replace(hour=14, minute=5)),
        ("31 Jan 2026, 12:00 AM", DAY),
        ("2026/1/31 23:59:58", DAY.replace(hour=23, minute=59, second=58)),
        ("1/2/2026", None),
        ("31/01/2026", None),
        ("Feb 30, 2026", None),
        ("Foo 3, 2026", None),
        ("13 pm", None),
        ("Jan 31, 2026 13:00 pm", None),
        ("Jan 31, 2026 24:00", None),
        ("9" * 200, None),
        ("", None),
    ],
)
def test_a_date_is_read_as_people_write_it(text: str, moment: datetime | None) -> None:
    assert read_date(text) == moment


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        *(("14:30", 14.5), ("2:30 PM", 14.5), ("2:30p.m.", 14.5), ("12:00 am", 0), ("12:00 pm", 12), ("0:30", 0.5)),
        *(("24:00", None), ("0:30 am", None), ("noon", None), ("1:60", None)),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, hours: float | None) -> None:
    assert read_time(text) == (None if hours is None else timedelta(hours=hours))


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        (
            "ToDateTime('2026-03-29T01:30+01:00').InTimeZone('Europe/Oslo') + Duration(hours: 1) & ''",
            "2026-03-29T02:30:00+01:00",
        ),
        ("ToDateTime('2026-03-29T01:30+01:00').InTimeZone('UTC') & ''", "2026-03-29T00:30:00+00:00"),
        ("ToDateTime('2026-01-31T12:00+00:00') = ToDateTime('2026-01-31T21:00+09:00')", True),
        ("ToDateTime('2026-01-31T12:00+00:00').InTimeZone('Asia/Tokyo').ToDate()", date(2026, 1, 31)),
        ("ToDateTime('2026-01-31T18:00+00:00').InTimeZone('Asia/Tokyo').ToDate()", date(2026, 2, 1)),
        ("DateTimeTruncate(ToDateTime('2026-01-31T18:45+09:00'), 'HOUR') & ''", "2026-01-31T18:00:00+09:00"),
        ("DateTimeTruncate(DateTime(2026, 2, 4, 9), 'week')", datetime(2026, 2, 1)),
        ("Hour(Time(25, 0))", 1),
        ("RelativeDate(Date(2024, 2, 29), 12)", date(2025, 2, 28)),
        ("WeekdayName(Date(2026, 1, 31), 'short', 'fr-CA')", "sam."),
        ("MonthName('31 Jan 2026', locale: 'zh-CN')", "一月"),
        ("FormatDate(DateTime(2026, 1, 31, 9, 5), 'yyyy/MM/dd HH:mm')", "2026/01/31 09:05"),
        ("WorkDay(Date(2026, 1, 1), 5, List(6, 7))", date(2026, 1, 8)),
    ],
)
def test_calendars_and_clocks(formula: str, value: Value) -> None:
    assert value_of(formula) == value


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("Now().InTimeZone('Mars/Olympus')", "There is no time zone 'Mars/Olympus': write it as Europe/Oslo."),
        ("Now().InTimeZone('../etc/passwd')", "There is no time zone '../etc/passwd': write it as Europe/Oslo."),
        ("MonthName(Today(), locale: 'xx')", "There is no locale 'xx': write it as en, de-AT or zh-CN."),
        ("FormatNumber(1, locale: 'xx')", "There is no locale 'xx': write it as en, de-AT or zh-CN."),
        ("FormatDate(Today(), 'short', 'xx')", "There is no locale 'xx': write it as en, de-AT or zh-CN."),
        ("FormatDate(Today(), 'abc')", "The pattern 'abc' is none: write it as d MMMM yyyy."),
        ("FormatNumber(1, Repeat('0', 201))", "The pattern has too many characters: 201, at most 200 are allowed."),
        ("MonthName(Today(), 'tiny')", "Names are long or short, and not 'tiny'."),
        (
            "DateTimeTruncate(Now(), 'century')",
            "There is no unit 'century': it is one of year, quarter, month, week, day, hour, minute, second.",
        ),
        ("WorkDay(Today(), 1, Sequence(1, 7))", "Every day is a weekend: there are no working days."),
        ("NetWorkingDays(Today(), Today(), 8)", "Weekends are days of the week, 1 for Sunday to 7 for Saturday."),
    ],
)
def test_what_no_calendar_has_is_an_error(formula: str, message: str) -> None:
    assert failing(formula).message == message


DATES = st.dates(date(2020, 1, 1), date(2027, 12, 31))
FREE = st.lists(DATES, max_size=4)
WEEKENDS = st.lists(st.integers(1, 7), max_size=5, unique=True)


def works(day: date, weekends: list[int], holidays: list[date]) -> bool:
    return day.isoweekday() % 7 + 1 not in weekends and day not in holidays


@settings(deadline=None)
@given(DATES, st.integers(0, 90), WEEKENDS, FREE)
def test_working_days_are_those_that_one_would_count(
    start: date, more: int, weekends: list[int], free: list[date]
) -> None:
    days = [start + timedelta(days=day) for day in range(more + 1)]
    scope = FixedScope(variables={"a": start, "b": days[-1], "w": weekends, "f": free})
    counted = sum(works(day, weekends, free) for day in days)
    assert value_of("NetWorkingDays(a, b, w, f)", scope=scope) == counted
    assert value_of("NetWorkingDays(b, a, w, f)", scope=scope) == (counted if more == 0 else -counted)


@settings(deadline=None)
@given(DATES, st.integers(-60, 60).filter(bool), WEEKENDS, FREE)
def test_a_working_day_is_found_where_one_would_arrive(
    start: date, days: int, weekends: list[int], free: list[date]
) -> None:
    place, left, step = start, abs(days), timedelta(days=1 if days > 0 else -1)
    while left:
        place += step
        left -= works(place, weekends, free)
    scope = FixedScope(variables={"a": start, "n": days, "w": weekends, "f": free})
    assert value_of("WorkDay(a, n, w, f)", scope=scope) == place
