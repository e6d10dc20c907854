"""What every ProgressStore promises."""

from __future__ import annotations

import pytest

from packsys.model import Progress, Waiting
from tests.ports.house import House
from tests.ports.samples import ERROR, NOBODYS, call, job
from tests.ports.single import claim_one, keep_one

CALLS = [call(f"Call {number}") for number in range(6)]


@pytest.mark.parametrize("nobodys", NOBODYS)
def test_an_absent_job_has_no_steps(house: House, nobodys: str) -> None:
    assert house.progress.of(nobodys) == Progress()


def test_steps_are_counted_by_state(house: House) -> None:
    kept = house.jobs.accept(job())
    house.steps.add(kept.id, CALLS[:5])
    house.steps.add(kept.id, CALLS)
    claims = [claim_one(house.steps, kept.id, each.key, worker="w", lease=30) for each in CALLS[:5]]
    assert all(claims)
    first, second, third, fourth, _ = [claim for claim in claims if claim]
    keep_one(house.steps, first, 1)
    keep_one(house.steps, second, 1, cached=True)
    keep_one(house.steps, third, ERROR)
    house.steps.postpone(fourth, delay=0, cause="Api")
    counted = house.progress.of(kept.id)
    assert counted == Progress(queued=1, running=1, waiting=1, done=2, failed=1, cached=1, waves=2, waits=counted.waits)
    assert counted.total == 6


def test_who_waits_says_why_and_for_how_long(house: House) -> None:
    kept = house.jobs.accept(job())
    house.steps.add(kept.id, CALLS)
    for number, each in enumerate(CALLS[:4]):
        claim = claim_one(house.steps, kept.id, each.key, worker="w", lease=30)
        assert claim
        house.steps.postpone(claim, delay=100 * (number + 1), cause="rate_limit" if number else "Api")
    house.wait(50)
    api, limit = house.progress.of(kept.id).waits
    assert (api.cause, api.steps, limit.cause, limit.steps) == ("Api", 1, "rate_limit", 3)
    assert 45 < api.seconds <= 50
    assert 145 < limit.seconds <= 150


def test_the_last_reason_counts_and_what_is_due_waits_no_more_seconds(house: House) -> None:
    kept = house.jobs.accept(job())
    house.steps.add(kept.id, CALLS[:1])
    for cause in ("Api", "rate_limit"):
        claim = claim_one(house.steps, kept.id, CALLS[0].key, worker="w", lease=30)
        assert claim
        house.steps.postpone(claim, delay=1, cause=cause)
        house.wait(2)
    assert house.progress.of(kept.id).waits == (Waiting(cause="rate_limit", steps=1, seconds=0.0),)


def test_what_is_counted_from_the_steps_is_what_the_store_counts(house: House) -> None:
    kept = house.jobs.accept(job())
    house.steps.add(kept.id, CALLS[:4])
    first, second, third = (claim_one(house.steps, kept.id, each.key, worker="w", lease=30) for each in CALLS[:3])
    assert first
    assert second
    assert third
    keep_one(house.steps, first, 1)
    keep_one(house.steps, second, ERROR, cached=True)
    assert Progress.counted(house.steps.of(kept.id)) == house.progress.of(kept.id)
    house.steps.postpone(third, delay=9, cause="in_flight")
    assert Progress.counted(house.steps.of(kept.id)) is None
