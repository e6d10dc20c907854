"""What every UpkeepStore promises."""

from __future__ import annotations

import pytest

from packsys.model import JobState, Stall, StepState
from packsys.values import ErrorValue
from tests.ports.house import House
from tests.ports.samples import call, job
from tests.ports.single import claim_one, keep_one
from tests.ports.threads import at_once

REPOS, USER = call("Repos"), call("User")


def running(house: House, *, timeout: float = 10_000) -> str:
    """Gives a job with one queued step."""
    kept = house.jobs.accept(job(timeout=timeout))
    house.steps.add(kept.id, [REPOS])
    return kept.id


# Deadlines.


def test_a_job_fails_when_its_time_is_up(house: House) -> None:
    waiting, started, longer = house.jobs.accept(job(timeout=60)).id, running(house, timeout=60), running(house)
    assert list(house.upkeep.expire()) == []
    house.wait(60)
    assert list(house.upkeep.expire()) == [waiting, started]
    assert list(house.upkeep.expire()) == []
    for late in (waiting, started):
        failed = house.jobs.get(late)
        assert failed.state is JobState.FAILED
        assert failed.error is not None
        assert (failed.error.code, failed.error.actor) == ("DeadlineExceeded", "time")
        assert "within 60 seconds" in failed.error.message
        last = house.events.since(late, 0)[-1]
        assert (last.kind, last.detail["code"]) == ("job.failed", "DeadlineExceeded")
    assert house.jobs.get(longer).state is JobState.RUNNING


def test_an_ended_job_does_not_expire(house: House) -> None:
    done, cancelled = running(house, timeout=60), running(house, timeout=60)
    house.jobs.finish(done, 1)
    house.jobs.cancel(cancelled)
    house.wait(60)
    assert list(house.upkeep.expire()) == []


def test_each_job_expires_once_however_many_look(house: House) -> None:
    late = {running(house, timeout=60) for _ in range(20)}
    house.wait(60)
    found = at_once(lambda _: house.upkeep.expire(), threads=4)
    assert sorted(expired for one in found for expired in one) == sorted(late)


# Lost workers.


def test_a_claim_that_was_given_back_untried_is_not_one_that_was_lost(house: House) -> None:
    of = running(house)
    for _ in range(5):
        claimed = claim_one(house.steps, of, REPOS.key, worker="w", lease=15)
        assert claimed is not None
        house.steps.postpone(claimed, delay=1, cause="in_flight", tried=False)
        house.wait(2)
    for stall in (Stall(of, (REPOS.key,), "worker.lost"), Stall(of, (), "worker.lost")):
        claim_one(house.steps, of, REPOS.key, worker="w", lease=15)
        house.wait(16)
        assert list(house.upkeep.release(attempts=2)) == [stall]


def test_a_step_whose_lease_ran_out_is_queued_again(house: House) -> None:
    of = running(house)
    lost = claim_one(house.steps, of, REPOS.key, worker="w", lease=30)
    assert lost
    assert list(house.upkeep.release(attempts=3)) == []
    house.wait(30)
    assert list(house.upkeep.release(attempts=3)) == [Stall(of, (REPOS.key,), "worker.lost")]
    assert list(house.upkeep.release(attempts=3)) == []
    assert house.steps.of(of)[0].state is StepState.QUEUED
    last = house.events.since(of, 0)[-1]
    assert (last.kind, last.step, last.detail) == ("step.queued", REPOS.key, {"cause": "WorkerLost"})
    assert not keep_one(house.steps, lost, "late")
    again = claim_one(house.steps, of, REPOS.key, worker="w", lease=30)
    assert again
    assert again.attempt == 2


def test_a_step_that_loses_every_worker_fails(house: House) -> None:
    """A call that kills its worker must not kill them all."""
    of = running(house)
    for _ in range(2):
        assert claim_one(house.steps, of, REPOS.key, worker="w", lease=0)
    assert list(house.upkeep.release(attempts=2)) == [Stall(of, (), "worker.lost")]
    (step,) = house.steps.of(of)
    assert step.state is StepState.FAILED
    assert isinstance(step.outcome, ErrorValue)
    assert step.outcome.code == "WorkerLost"
    assert "2 workers" in step.outcome.message
    assert step.finished_at is not None
    last = house.events.since(of, 0)[-1]
    assert (last.kind, last.detail) == ("step.failed", {"cached": False, "code": "WorkerLost"})


def test_a_jobs_lost_steps_are_one_stall(house: House) -> None:
    of = running(house)
    house.steps.add(of, [USER, call("Kept")])
    for lease in (0, 0):
        assert claim_one(house.steps, of, REPOS.key, worker="w", lease=lease)
    assert claim_one(house.steps, of, USER.key, worker="w", lease=0)
    assert claim_one(house.steps, of, call("Kept").key, worker="w", lease=30)
    assert list(house.upkeep.release(attempts=2)) == [Stall(of, (USER.key,), "worker.lost")]
    assert [step.state for step in house.steps.of(of)] == ["failed", "queued", "running"]
    assert [(event.kind, event.step) for event in house.events.since(of, 0)[-2:]] == [
        ("step.failed", REPOS.key),
        ("step.queued", USER.key),
    ]


def test_steps_of_an_ended_job_are_left_alone(house: House) -> None:
    of = running(house)
    assert claim_one(house.steps, of, REPOS.key, worker="w", lease=0)
    house.jobs.cancel(of)
    assert list(house.upkeep.release(attempts=3)) == []
    assert house.steps.of(of)[0].state is StepState.RUNNING


def test_each_lost_step_is_released_once_however_many_look(house: House) -> None:
    jobs = [running(house) for _ in range(10)]
    for of in jobs:
        house.steps.add(of, [USER])
        for key in (REPOS.key, USER.key):
            assert claim_one(house.steps, of, key, worker="w", lease=0)
    found = at_once(lambda _: house.upkeep.release(attempts=3), threads=4)
    released = [(stall.job, key) for stalls in found for stall in stalls for key in stall.steps]
    assert sorted(released) == sorted((of, key) for of in jobs for key in (REPOS.key, USER.key))
    for of in jobs:
        numbers = [event.number for event in house.events.since(of, 0)]
        assert numbers == list(range(1, len(numbers) + 1))


# Work that nobody took.


def test_a_queued_step_that_nobody_takes_is_listed_again_and_again_later(house: House) -> None:
    of = running(house)
    stall = Stall(of, (REPOS.key,), "step.untaken")
    listed = []
    for _ in range(16):
        listed.append(stall in house.upkeep.stalled(grace=10))
        house.wait(10)
    assert [turn * 10 for turn, found in enumerate(listed) if found] == [10, 30, 70, 150]


@pytest.mark.parametrize("begun", [True, False])
def test_who_is_not_patient_is_listed_what_stands_each_time(house: House, begun: bool) -> None:
    of = running(house) if begun else house.jobs.accept(job(timeout=10_000)).id
    listed = []
    for _ in range(8):
        listed.append([stall.job for stall in house.upkeep.stalled(grace=10, patient=False)] == [of])
        house.wait(5)
    assert listed == [False, False, True, False, True, False, True, False]


def test_taking_a_step_makes_its_next_wait_short_again(house: House) -> None:
    of = running(house)
    for seconds in (10, 20):
        house.wait(seconds)
        assert len(house.upkeep.stalled(grace=10)) == 1
    assert claim_one(house.steps, of, REPOS.key, worker="w", lease=0)
    house.upkeep.release(attempts=3)
    assert list(house.upkeep.stalled(grace=10)) == []
    house.wait(10)
    assert list(house.upkeep.stalled(grace=10)) == [Stall(of, (REPOS.key,), "step.untaken")]


def test_a_waiting_step_is_listed_when_it_is_due_and_nobody_takes_it(house: House) -> None:
    of = running(house)
    held = claim_one(house.steps, of, REPOS.key, worker="w", lease=30)
    assert held
    house.steps.postpone(held, delay=100, cause="RateLimited")
    house.wait(100)
    assert list(house.upkeep.stalled(grace=10)) == []
    house.wait(10)
    assert list(house.upkeep.stalled(grace=10)) == [Stall(of, (REPOS.key,), "step.untaken")]


def test_a_held_step_is_no_stall(house: House) -> None:
    of = running(house)
    assert claim_one(house.steps, of, REPOS.key, worker="w", lease=1000)
    house.wait(100)
    assert list(house.upkeep.stalled(grace=10)) == []


def test_a_jobs_untaken_steps_are_one_stall(house: House) -> None:
    of = running(house)
    house.steps.add(of, [USER])
    house.wait(10)
    assert list(house.upkeep.stalled(grace=10)) == [Stall(of, (REPOS.key, USER.key), "step.untaken")]


# Jobs that nobody advances.


def test_a_job_whose_first_wave_was_lost_is_listed(house: House) -> None:
    of = house.jobs.accept(job(timeout=10_000)).id
    stall = Stall(of, (), "job.unadvanced")
    listed = []
    for _ in range(8):
        listed.append(stall in house.upkeep.stalled(grace=10))
        house.wait(10)
    assert [turn * 10 for turn, found in enumerate(listed) if found] == [10, 30, 70]


def test_a_job_whose_steps_are_all_kept_is_listed_until_it_moves(house: House) -> None:
    of = running(house)
    held = claim_one(house.steps, of, REPOS.key, worker="w", lease=1000)
    assert held
    house.wait(100)
    keep_one(house.steps, held, 1)
    assert list(house.upkeep.stalled(grace=10)) == []
    house.wait(10)
    assert list(house.upkeep.stalled(grace=10)) == [Stall(of, (), "job.unadvanced")]
    house.steps.add(of, [USER])
    house.wait(10)
    assert list(house.upkeep.stalled(grace=10)) == [Stall(of, (USER.key,), "step.untaken")]


@pytest.mark.parametrize("end", ["finish", "cancel"])
def test_an_ended_job_is_no_stall(house: House, end: str) -> None:
    for of in (running(house), house.jobs.accept(job(timeout=10_000)).id):
        house.jobs.finish(of, 1) if end == "finish" else house.jobs.cancel(of)
    house.wait(1000)
    assert list(house.upkeep.stalled(grace=10)) == []


def test_each_stall_is_listed_once_however_many_look(house: House) -> None:
    queued = [running(house) for _ in range(10)]
    accepted = [house.jobs.accept(job(timeout=10_000)).id for _ in range(10)]
    house.wait(10)
    found = at_once(lambda _: house.upkeep.stalled(grace=10), threads=4)
    assert sorted(stall.job for stalls in found for stall in stalls) == sorted([*queued, *accepted])
