"""When rhythms fire, above all when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.errors import RequestError
from packsys.scheduling.rhythm import Cron, Every, Rhythm, check_rhythm, following, offset_of
from packsys.scheduling.schedule import Schedule, Slot

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))


def fires(rhythm: Rhythm, after: str, count: int) -> list[str]:
    moment, times = datetime.fromisoformat(after), []
    for _ in range(count):
        moment = following(rhythm, moment)
        times.append(moment.strftime("%m-%dT%H:%M"))
    return times


# Clocks in Oslo: forward on 2026-03-29 at 02:00 (01:00 UTC), back on 2026-10-25 at 03:00 (01:00 UTC).
OSLO = "Europe/Oslo"
CASES: dict[str, tuple[Cron, str, list[str]]] = {
    "daily, in summer and winter": (
        Cron("0 8 * * *", OSLO), "2026-03-27T12:00Z", ["03-28T07:00", "03-29T06:00", "03-30T06:00"],
    ),
    "the skipped hour fires right after it": (
        Cron("30 2 * * *", OSLO), "2026-03-28T00:00Z", ["03-28T01:30", "03-29T01:00", "03-30T00:30"],
    ),
    "all of the skipped hour fires once": (
        Cron("10,20 2 * * *", OSLO), "2026-03-28T12:00Z", ["03-29T01:00", "03-30T00:10", "03-30T00:20"],
    ),
    "the doubled hour fires once": (
        Cron("30 2 * * *", OSLO), "2026-10-24T00:00Z", ["10-24T00:30", "10-25T00:30", "10-26T01:30"],
    ),
    "each hour goes on through the skipped one": (
        Cron("0 * * * *", OSLO), "2026-03-28T23:30Z", ["03-29T00:00", "03-29T01:00", "03-29T02:00"],
    ),
    "each hour goes on through the doubled one": (
        Cron("0 * * * *", OSLO), "2026-10-24T23:30Z", ["10-25T00:00", "10-25T01:00", "10-25T02:00"],
    ),
    "every quarter of an hour goes on through the doubled one": (
        Cron("*/30 * * * *", OSLO), "2026-10-25T00:15Z", ["10-25T00:30", "10-25T01:00", "10-25T01:30", "10-25T02:00"],
    ),
    "half an hour forward, on Lord Howe": (
        Cron("15 2 * * *", "Australia/Lord_Howe"), "2026-10-02T20:00Z", ["10-03T15:30", "10-04T15:15"],
    ),
    "a zone without summer time": (Cron("0 9 * * *", "Asia/Shanghai"), "2026-03-28T12:00Z", ["03-29T01:00"]),
    "weekdays": (Cron("0 0 * * MON-FRI"), "2026-01-02T12:00Z", ["01-05T00:00", "01-06T00:00"]),
    "the last day of the month": (Cron("0 0 L * *"), "2026-01-31T12:00Z", ["02-28T00:00", "03-31T00:00"]),
    "a leap day": (Cron("0 0 29 2 *"), "2026-01-01T00:00Z", ["02-29T00:00"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_cron_follows_the_clocks_of_its_zone(name: str) -> None:
    rhythm, after, expected = CASES[name]
    check_rhythm(rhythm)
    assert fires(rhythm, after, len(expected)) == expected


@pytest.mark.parametrize(
    ("rhythm", "said"),
    [
        (Every(0.5), "every 0.5 seconds"),
        (Every(float("nan")), "every nan seconds"),
        (Every(10**9), "every 1e"),
        (Cron("* * * *"), "no line of cron"),
        (Cron("61 * * * *"), "Bad minute"),
        (Cron(""), "no line of cron"),
        (Cron("0 0 31 2,4 *"), "Bad day-of-month"),
        (Cron("0 0 * * *", "Mars/Olympus"), "no time zone 'Mars/Olympus'"),
        (Cron("0 0 * * *", "../etc/passwd"), "no time zone"),
    ],
)
def test_what_is_no_rhythm_is_refused(rhythm: Rhythm, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        check_rhythm(rhythm)


@pytest.mark.parametrize("jitter", [-1.0, float("nan"), 1e12])
def test_what_is_no_jitter_is_refused(jitter: float) -> None:
    with pytest.raises(RequestError, match="spread"):
        check_rhythm(Every(60), jitter=jitter)


@given(moment=MOMENTS, seconds=st.floats(1, 10**7), jitter=st.floats(0, 10**6), name=st.text())
def test_an_interval_keeps_its_distances(moment: datetime, seconds: float, jitter: float, name: str) -> None:
    offset = offset_of(name, jitter)
    times = [moment]
    for _ in range(4):
        times.append(following(Every(seconds), times[-1], offset=offset))
    step = timedelta(microseconds=round(seconds * 1_000_000))
    assert timedelta() < times[1] - moment <= step
    assert {late - early for early, late in pairwise(times[1:])} == {step}


@given(moment=MOMENTS, expression=st.sampled_from(["* * * * *", "30 2 * * *", "0 0 1 * *", "*/7 3-5 * * SUN"]))
def test_cron_always_moves_on(moment: datetime, expression: str) -> None:
    assert following(Cron(expression, OSLO), moment) > moment


def test_jitter_belongs_to_the_schedule() -> None:
    offsets = {offset_of(f"schedule-{number}", 60.0) for number in range(100)}
    assert len(offsets) == 100
    assert all(timedelta() <= each < timedelta(seconds=60) for each in offsets)
    assert offset_of("one", 60.0) == offset_of("one", 60.0)


def test_a_schedule_without_rhythm_or_paused_is_never_due() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert Schedule(id="s", kind="sync", target="t").due_after(now) is None
    assert Schedule(id="s", kind="sync", target="t", rhythm=Every(60), paused=True).due_after(now) is None


def test_the_id_of_a_slots_task_follows_from_the_slot() -> None:
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    slot = Slot(schedule="s", due=at, kind="sync", target="t")
    assert slot.task_id == Slot(schedule="s", due=at, kind="sync", target="other").task_id
    assert slot.task_id != Slot(schedule="s", due=at + timedelta(seconds=1), kind="sync", target="t").task_id
