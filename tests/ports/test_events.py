"""What every EventStore promises, and which events the other stores tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from packsys.model import Event, EventKind
from packsys.values import Value
from tests.ports.house import House
from tests.ports.samples import ERROR, NOBODYS, call, job
from tests.ports.single import claim_one, keep_one
from tests.ports.threads import at_once

REPOS, USER = call("Repos"), call("User")


def told(house: House, of: str) -> list[tuple[str, str | None, Mapping[str, Value]]]:
    """Gives the kind, the step and the detail of each event, without durations."""
    return [
        (event.kind, event.step, {name: item for name, item in event.detail.items() if name != "seconds"})
        for event in house.events.since(of, 0)
    ]


def test_a_jobs_events_tell_its_story(house: House) -> None:
    kept = house.jobs.accept(job())
    house.steps.add(kept.id, [REPOS, USER])
    first = claim_one(house.steps, kept.id, REPOS.key, worker="w1", lease=30)
    second = claim_one(house.steps, kept.id, USER.key, worker="w2", lease=30)
    assert first
    assert second
    keep_one(house.steps, first, 1, cached=True)
    house.steps.postpone(second, delay=0, cause="RateLimited")
    again = claim_one(house.steps, kept.id, USER.key, worker="w1", lease=30)
    assert again
    keep_one(house.steps, again, ERROR)
    house.jobs.finish(kept.id, ERROR)
    assert told(house, kept.id) == [
        ("job.accepted", None, {}),
        ("job.running", None, {}),
        ("step.queued", REPOS.key, {"number": 1, "wave": 1, "call": "GitHub::Repos"}),
        ("step.queued", USER.key, {"number": 2, "wave": 1, "call": "GitHub::User"}),
        ("step.running", REPOS.key, {"attempt": 1, "worker": "w1"}),
        ("step.running", USER.key, {"attempt": 1, "worker": "w2"}),
        ("step.done", REPOS.key, {"cached": True}),
        ("step.waiting", USER.key, {"cause": "RateLimited"}),
        ("step.running", USER.key, {"attempt": 2, "worker": "w1"}),
        ("step.failed", USER.key, {"cached": False, "code": "Api"}),
        ("job.failed", None, {"code": "Api"}),
    ]


def test_a_second_wave_does_not_start_the_job_again(house: House) -> None:
    kept = house.jobs.accept(job())
    house.steps.add(kept.id, [REPOS])
    house.steps.add(kept.id, [REPOS, USER])
    assert [kind for kind, _, _ in told(house, kept.id)] == [
        "job.accepted",
        "job.running",
        "step.queued",
        "step.queued",
    ]


@pytest.mark.parametrize("end", ["done", "failed", "cancelled"])
def test_the_end_of_a_job_tells_how_long_it_took(house: House, end: str) -> None:
    kept = house.jobs.accept(job())
    house.wait(7)
    match end:
        case "done":
            house.jobs.finish(kept.id, 1)
        case "failed":
            house.jobs.finish(kept.id, ERROR)
        case "cancelled":
            house.jobs.cancel(kept.id)
    last = house.events.since(kept.id, 0)[-1]
    assert last.kind == f"job.{end}"
    seconds = last.detail["seconds"]
    assert isinstance(seconds, float)
    assert 7 <= seconds < 12


def test_nothing_is_told_after_the_end(house: House) -> None:
    kept = house.jobs.accept(job())
    house.steps.add(kept.id, [REPOS, USER])
    first = claim_one(house.steps, kept.id, REPOS.key, worker="w", lease=30)
    second = claim_one(house.steps, kept.id, USER.key, worker="w", lease=30)
    assert first
    assert second
    house.jobs.cancel(kept.id)
    keep_one(house.steps, first, 1)
    house.steps.postpone(second, delay=0, cause="Api")
    house.steps.add(kept.id, [call("More")])
    house.jobs.finish(kept.id, 1)
    assert house.events.since(kept.id, 0)[-1].kind is EventKind.JOB_CANCELLED


def test_events_are_read_from_where_one_left_off(house: House) -> None:
    kept = house.jobs.accept(job())
    house.steps.add(kept.id, [REPOS, USER])
    every = house.events.since(kept.id, 0)
    assert [event.number for event in every] == [1, 2, 3, 4]
    for event in every:
        assert list(house.events.since(kept.id, event.number)) == list(every[event.number :])


@pytest.mark.parametrize(("number", "count"), [(10**30, 0), (2**31, 0), (4, 0), (0, 4), (-1, 4), (-(10**30), 4)])
def test_events_can_be_asked_for_from_any_number(house: House, number: int, count: int) -> None:
    """Clients say where they left off, and may say anything."""
    kept = house.jobs.accept(job())
    house.steps.add(kept.id, [REPOS, USER])
    assert len(house.events.since(kept.id, number)) == count


@pytest.mark.parametrize("nobodys", NOBODYS)
def test_an_absent_job_has_no_events(house: House, nobodys: str) -> None:
    assert list(house.events.since(nobodys, 0)) == []


def test_event_numbers_have_no_gaps_even_under_eight_threads(house: House) -> None:
    kept = house.jobs.accept(job())

    def work(n: int) -> None:
        own = [call(f"Call {n}.{i}") for i in range(3)]
        for step in house.steps.add(kept.id, [*own, call("Shared")]):
            held = claim_one(house.steps, kept.id, step.key, worker=f"w{n}", lease=30)
            assert held is not None
            keep_one(house.steps, held, n)

    at_once(work)
    events = house.events.since(kept.id, 0)
    assert [event.number for event in events] == list(range(1, 2 + 3 * 25 + 1))
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert _in_order(events)


def _in_order(events: Sequence[Event]) -> bool:
    """Tells whether each step was queued, then running, then done."""
    by_step: dict[str | None, list[str]] = {}
    for event in events[2:]:
        by_step.setdefault(event.step, []).append(event.kind)
    by_step.pop(None, None)
    return all(kinds == ["step.queued", "step.running", "step.done"] for kinds in by_step.values())
