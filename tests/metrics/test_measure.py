"""Counts of a process on their way to those of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from packsys.errors import NotReady
from packsys.memory import MemoryCounters, MemoryFeed
from packsys.metrics.declared import METRICS, REPAIRS, STEP_WAITS
from packsys.metrics.measure import Measure
from packsys.metrics.told import CountingFeed
from packsys.model import Event, EventKind
from packsys.ports import Sample, Series
from packsys.values import Value

AT = datetime(2026, 1, 31, tzinfo=UTC)


class Moody:
    """Takes counts when it wants to."""

    def __init__(self) -> None:
        self.kept, self.away = MemoryCounters(), True

    def add(self, counts: Mapping[Series, float]) -> None:
        if self.away:
            raise NotReady
        self.kept.add(counts)

    def read(self) -> Sequence[Sample]:
        return self.kept.read()


def test_what_is_not_taken_goes_with_the_next() -> None:
    counters = Moody()
    measure = Measure(counters, pause=0)
    measure.count(REPAIRS, "deadline")
    counters.away = False
    assert list(counters.read()) == []
    measure.count(REPAIRS, "worker.lost")
    assert {sample.series.labels[0]: sample.value for sample in counters.read()} == {"deadline": 1, "worker.lost": 1}


def test_what_is_counted_has_a_bound() -> None:
    """Whatever becomes a label: what comes after the bound is counted as one."""
    counters = MemoryCounters()
    measure = Measure(counters, pause=0, most=2)
    for cause in ("a", "b", "c", "d", "a"):
        measure.count(STEP_WAITS, cause)
    assert {sample.series.labels[0]: sample.value for sample in counters.read()} == {"a": 2, "b": 1, "other": 2}


def event(kind: EventKind, **detail: Value) -> Event:
    return Event(job="j", number=1, at=AT, kind=kind, step="s", detail=detail)


TOLD: dict[str, tuple[Event, dict[tuple[str, ...], float]]] = {
    "a job that is accepted": (event(EventKind.JOB_ACCEPTED), {("packsys_jobs_total", "accepted"): 1}),
    "a job that ended": (event(EventKind.JOB_FAILED, seconds=2), {("packsys_jobs_total", "failed"): 1}),
    "a call": (event(EventKind.STEP_DONE, cached=False), {("packsys_steps_total", "done", "false"): 1}),
    "a result that was there": (event(EventKind.STEP_DONE, cached=True), {("packsys_steps_total", "done", "true"): 1}),
    "a wait": (
        event(EventKind.STEP_WAITING, cause="rate_limit", seconds=41.5),
        {("packsys_step_waits_total", "rate_limit"): 1, ("packsys_step_wait_seconds_total", "rate_limit"): 41.5},
    ),
    "what is no outcome": (event(EventKind.STEP_RUNNING, worker="w"), {}),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told_is_counted(name: str) -> None:
    told, expected = TOLD[name]
    counters, feed = MemoryCounters(), MemoryFeed()
    CountingFeed(feed=feed, measure=Measure(counters, pause=0)).publish([told])
    assert {(series.metric, *series.labels): value for series, value in counters.read()} == expected
    for series, _ in counters.read():
        assert len(series.labels) == len(METRICS[series.metric].labels)
