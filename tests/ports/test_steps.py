"""What every StepStore promises."""

from __future__ import annotations

from datetime import timedelta

import pytest

from packsys.model import Claim, EventKind, Job, JobState, StepState
from packsys.values import Value
from tests.ports.house import House
from tests.ports.samples import ERROR, NOBODYS, VALUES, call, job
from tests.ports.single import claim_one, keep_one
from tests.ports.threads import at_once

REPOS, USER, REPO = call("Repos"), call("User"), call("Repo", Url="https://github.example/x", Nothing=None)


@pytest.fixture
def kept(house: House) -> Job:
    """Gives an accepted job with a minute to go."""
    return house.jobs.accept(job(timeout=60))


def claim(house: House, kept: Job, *, lease: float = 30) -> Claim:
    """Claims the job's call of Repos, which must be due."""
    claimed = claim_one(house.steps, kept.id, REPOS.key, worker="w", lease=lease)
    assert claimed is not None
    return claimed


# Adding.


def test_a_wave_is_numbered_in_the_order_in_which_it_was_asked_for(house: House, kept: Job) -> None:
    first = house.steps.add(kept.id, [REPO, REPOS])
    second = house.steps.add(kept.id, [USER])
    assert [(step.number, step.wave, step.invocation) for step in (*first, *second)] == [
        (1, 1, REPO),
        (2, 1, REPOS),
        (3, 2, USER),
    ]
    assert list(house.steps.of(kept.id)) == [*first, *second]
    assert {step.state for step in first} == {StepState.QUEUED}


def test_adding_gives_back_only_what_is_new(house: House, kept: Job) -> None:
    house.steps.add(kept.id, [REPOS])
    assert [step.key for step in house.steps.add(kept.id, [REPOS, USER, USER])] == [USER.key]
    assert list(house.steps.add(kept.id, [REPOS, USER])) == []
    assert len(house.steps.of(kept.id)) == 2


def test_adding_nothing_does_nothing(house: House, kept: Job) -> None:
    assert list(house.steps.add(kept.id, [])) == []
    assert house.jobs.get(kept.id).state is JobState.ACCEPTED


def test_the_first_wave_sets_the_job_running(house: House, kept: Job) -> None:
    house.wait(10)
    house.steps.add(kept.id, [REPOS])
    house.wait(10)
    house.steps.add(kept.id, [USER])
    running = house.jobs.get(kept.id)
    assert running.state is JobState.RUNNING
    assert running.started_at is not None
    assert timedelta(seconds=10) <= running.started_at - running.accepted_at < timedelta(seconds=20)


@pytest.mark.parametrize("end", ["finish", "cancel"])
def test_nothing_is_added_to_an_ended_job(house: House, kept: Job, end: str) -> None:
    house.jobs.finish(kept.id, 1) if end == "finish" else house.jobs.cancel(kept.id)
    assert list(house.steps.add(kept.id, [REPOS])) == []
    assert list(house.steps.of(kept.id)) == []


@pytest.mark.parametrize("nobodys", NOBODYS)
def test_an_absent_job_has_no_steps(house: House, nobodys: str) -> None:
    assert list(house.steps.add(nobodys, [REPOS])) == []
    assert list(house.steps.of(nobodys)) == []
    assert claim_one(house.steps, nobodys, nobodys, worker=nobodys, lease=1) is None


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_calls_arguments_are_kept_as_they_are(house: House, kept: Job, value: Value) -> None:
    asked = call("Any", argument=value)
    (added,) = house.steps.add(kept.id, [asked])
    assert added.invocation == asked
    assert house.steps.of(kept.id)[0].invocation == asked


def test_steps_of_different_jobs_do_not_meet(house: House, kept: Job) -> None:
    other = house.jobs.accept(job())
    house.steps.add(kept.id, [REPOS])
    assert len(house.steps.add(other.id, [REPOS])) == 1
    claim(house, kept)
    assert house.steps.of(other.id)[0].state is StepState.QUEUED


def test_of_many_waves_at_once_each_call_is_new_once(house: House, kept: Job) -> None:
    waves = at_once(lambda n: house.steps.add(kept.id, [call("Shared"), call(f"Own {n}"), call(f"Own {n // 2}")]))
    added = sorted((step for wave in waves for step in wave), key=lambda step: step.number)
    assert [step.number for step in added] == list(range(1, len(added) + 1))
    assert len({step.key for step in added}) == len(added) == 9
    assert list(house.steps.of(kept.id)) == added


# Claiming.


def test_a_claim_says_what_is_to_be_done_for_whom(house: House, kept: Job) -> None:
    house.steps.add(kept.id, [REPOS])
    claimed = claim(house, kept)
    assert (claimed.step.invocation, claimed.workspace) == (REPOS, "default")
    assert (claimed.timezone, claimed.locale) == ("Europe/Oslo", "nb-NO")
    assert (claimed.attempt, claimed.step.attempt, claimed.step.state) == (1, 1, StepState.RUNNING)
    assert 50 < claimed.seconds_left <= 60
    assert list(house.steps.of(kept.id)) == [claimed.step]


def test_a_held_step_is_not_given_away(house: House, kept: Job) -> None:
    house.steps.add(kept.id, [REPOS])
    claim(house, kept)
    assert claim_one(house.steps, kept.id, REPOS.key, worker="w", lease=30) is None


def test_of_many_workers_one_gets_the_step(house: House, kept: Job) -> None:
    house.steps.add(kept.id, [REPOS])
    claims = at_once(lambda n: claim_one(house.steps, kept.id, REPOS.key, worker=f"w{n}", lease=30))
    assert sum(claimed is not None for claimed in claims) == 1
    assert house.steps.of(kept.id)[0].attempt == 1


def test_of_many_workers_one_gets_an_expired_step(house: House, kept: Job) -> None:
    house.steps.add(kept.id, [REPOS])
    claim(house, kept, lease=0)
    claims = at_once(lambda n: claim_one(house.steps, kept.id, REPOS.key, worker=f"w{n}", lease=30))
    assert [claimed.attempt for claimed in claims if claimed] == [2]


def test_an_expired_lease_can_be_taken_and_the_old_claim_writes_nothing(house: House, kept: Job) -> None:
    house.steps.add(kept.id, [REPOS])
    old = claim(house, kept, lease=30)
    house.wait(29)
    assert claim_one(house.steps, kept.id, REPOS.key, worker="w", lease=30) is None
    house.wait(1)
    new = claim(house, kept)
    told = house.events.since(kept.id, 0)
    assert new.attempt == 2
    assert not keep_one(house.steps, old, "old")
    assert not house.steps.postpone(old, delay=0, cause="Api")
    assert not house.steps.renew([old], lease=30)
    assert list(house.steps.of(kept.id)) == [new.step]
    assert house.events.since(kept.id, 0) == told
    assert keep_one(house.steps, new, "new")


def test_a_renewed_lease_holds_longer(house: House, kept: Job) -> None:
    house.steps.add(kept.id, [REPOS])
    held = claim(house, kept, lease=15)
    house.wait(10)
    assert house.steps.renew([held], lease=15)
    house.wait(10)
    assert claim_one(house.steps, kept.id, REPOS.key, worker="w", lease=30) is None
    house.wait(10)
    assert claim_one(house.steps, kept.id, REPOS.key, worker="w", lease=30) is not None


def test_a_late_worker_keeps_what_nobody_took(house: House, kept: Job) -> None:
    """The lease is for others to look at: who still has the last claim may commit."""
    house.steps.add(kept.id, [REPOS])
    held = claim(house, kept, lease=0)
    assert house.steps.renew([held], lease=0)
    assert keep_one(house.steps, held, "late")


@pytest.mark.parametrize("end", ["finish", "cancel"])
def test_no_step_of_an_ended_job_is_claimed(house: House, kept: Job, end: str) -> None:
    house.steps.add(kept.id, [REPOS])
    house.jobs.finish(kept.id, 1) if end == "finish" else house.jobs.cancel(kept.id)
    assert claim_one(house.steps, kept.id, REPOS.key, worker="w", lease=30) is None


def test_no_step_is_claimed_after_the_deadline(house: House, kept: Job) -> None:
    house.steps.add(kept.id, [REPOS])
    house.wait(60)
    assert claim_one(house.steps, kept.id, REPOS.key, worker="w", lease=30) is None


def test_a_job_cannot_be_cancelled_and_claimed_at_once(house: House) -> None:
    """Whatever comes first, the events say the same: nothing is told after the end."""
    for _ in range(5):
        of = house.jobs.accept(job()).id
        house.steps.add(of, [call(f"Call {n}") for n in range(1, 8)])

        def race(n: int, of: str = of) -> object:
            claimed = n and claim_one(house.steps, of, call(f"Call {n}").key, worker="w", lease=30)
            return claimed or house.jobs.cancel(of)

        at_once(race)
        kinds = [event.kind.value for event in house.events.since(of, 0)]
        assert kinds.index("job.cancelled") == len(kinds) - 1


# Keeping.


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_kept_outcome_is_read_as_it_was(house: House, kept: Job, value: Value) -> None:
    house.steps.add(kept.id, [REPOS])
    assert keep_one(house.steps, claim(house, kept), value, cached=True)
    (step,) = house.steps.of(kept.id)
    assert (step.state, step.outcome, step.cached) == (StepState.DONE, value, True)
    assert step.finished_at is not None


def test_an_error_is_an_outcome_of_a_failed_step(house: House, kept: Job) -> None:
    house.steps.add(kept.id, [REPOS])
    assert keep_one(house.steps, claim(house, kept), ERROR)
    (step,) = house.steps.of(kept.id)
    assert (step.state, step.outcome, step.cached) == (StepState.FAILED, ERROR, False)


def test_a_step_is_committed_once(house: House, kept: Job) -> None:
    house.steps.add(kept.id, [REPOS])
    held = claim(house, kept, lease=0)
    assert keep_one(house.steps, held, "first")
    assert not keep_one(house.steps, held, "second")
    assert not house.steps.postpone(held, delay=0, cause="Api")
    assert not house.steps.renew([held], lease=30)
    assert claim_one(house.steps, kept.id, REPOS.key, worker="w", lease=30) is None
    assert house.steps.of(kept.id)[0].outcome == "first"


def test_of_many_outcomes_at_once_one_is_kept(house: House, kept: Job) -> None:
    house.steps.add(kept.id, [REPOS])
    held = claim(house, kept)
    wins = at_once(lambda n: keep_one(house.steps, held, n))
    assert sum(map(bool, wins)) == 1
    assert house.steps.of(kept.id)[0].outcome == [bool(win) for win in wins].index(True)


def test_the_outcome_of_a_cancelled_jobs_call_is_kept_and_changes_nothing(house: House, kept: Job) -> None:
    house.steps.add(kept.id, [REPOS])
    held = claim(house, kept)
    house.jobs.cancel(kept.id)
    told = house.events.since(kept.id, 0)
    assert keep_one(house.steps, held, "late")
    assert house.steps.of(kept.id)[0].outcome == "late"
    assert house.jobs.get(kept.id).state is JobState.CANCELLED
    assert house.events.since(kept.id, 0) == told


# Postponing.


def test_a_waiting_step_is_not_due_before_its_time(house: House, kept: Job) -> None:
    house.steps.add(kept.id, [REPOS])
    assert house.steps.postpone(claim(house, kept), delay=20, cause="RateLimited")
    (step,) = house.steps.of(kept.id)
    assert step.state is StepState.WAITING
    assert step.not_before is not None
    house.wait(10)
    assert claim_one(house.steps, kept.id, REPOS.key, worker="w", lease=30) is None
    house.wait(10)
    again = claim(house, kept)
    assert (again.attempt, again.step.not_before) == (2, None)


def test_a_step_starts_with_its_first_attempt(house: House, kept: Job) -> None:
    """Waiting and retrying are part of how long a call took."""
    house.steps.add(kept.id, [REPOS])
    house.wait(5)
    house.steps.postpone(claim(house, kept), delay=20, cause="RateLimited")
    house.wait(20)
    keep_one(house.steps, claim(house, kept), 1)
    (step,) = house.steps.of(kept.id)
    assert step.queued_at is not None
    assert step.started_at is not None
    assert step.finished_at is not None
    assert timedelta(seconds=5) <= step.started_at - step.queued_at < timedelta(seconds=10)
    assert timedelta(seconds=20) <= step.finished_at - step.started_at < timedelta(seconds=25)


def test_a_claim_that_was_given_back_untried_is_no_attempt(house: House, kept: Job) -> None:
    """It keeps its fencing number, and the events say what happened."""
    house.steps.add(kept.id, [REPOS, USER])
    first = claim(house, kept)
    assert house.steps.postpone(first, delay=1.5, cause="rate_limit", tried=False)
    house.wait(2)
    second = claim(house, kept)
    assert house.steps.postpone(second, delay=1, cause="Upstream")
    house.wait(2)
    third = claim(house, kept)
    assert [(each.attempt, each.parked, each.tries) for each in (first, second, third)] == [
        (1, 0, 1),
        (2, 1, 1),
        (3, 1, 2),
    ]
    assert not keep_one(house.steps, first, 1)
    waits = [each.detail for each in house.events.since(kept.id, 0) if each.kind is EventKind.STEP_WAITING]
    assert waits == [
        {"cause": "rate_limit", "seconds": 1.5, "tried": False},
        {"cause": "Upstream", "seconds": 1},
    ]


# Rousing.


def test_a_roused_step_is_due_now(house: House, kept: Job) -> None:
    house.steps.add(kept.id, [REPOS, USER])
    house.steps.postpone(claim(house, kept), delay=30, cause="in_flight", tried=False)
    ((roused, route),) = house.steps.rouse([(kept.id, REPOS.key), (kept.id, "absent"), ("absent", REPOS.key)])
    assert (roused.job, roused.key, roused.state) == (kept.id, REPOS.key, StepState.WAITING)
    assert route == kept.route
    assert claim(house, kept).tries == 1


def test_only_what_waits_is_roused(house: House, kept: Job) -> None:
    house.steps.add(kept.id, [REPOS, USER])
    claim(house, kept)
    assert list(house.steps.rouse([(kept.id, REPOS.key), (kept.id, USER.key)])) == []
    assert list(house.steps.rouse([])) == []


def test_no_step_of_an_ended_job_is_roused(house: House, kept: Job) -> None:
    house.steps.add(kept.id, [REPOS])
    house.steps.postpone(claim(house, kept), delay=30, cause="in_flight", tried=False)
    house.jobs.cancel(kept.id)
    assert list(house.steps.rouse([(kept.id, REPOS.key)])) == []


def test_what_was_roused_and_sent_is_not_sent_again_at_once(house: House, kept: Job) -> None:
    house.steps.add(kept.id, [REPOS])
    house.steps.postpone(claim(house, kept), delay=5, cause="in_flight", tried=False)
    house.wait(60)
    house.steps.rouse([(kept.id, REPOS.key)])
    assert list(house.upkeep.stalled(grace=10)) == []
    house.wait(11)
    assert [stall.steps for stall in house.upkeep.stalled(grace=10)] == [(REPOS.key,)]


def test_steps_of_many_jobs_are_roused_at_once(house: House) -> None:
    jobs = [house.jobs.accept(job()) for _ in range(20)]
    for each in jobs:
        house.steps.add(each.id, [REPOS])
        house.steps.postpone(claim(house, each), delay=30, cause="in_flight", tried=False)
    places = [(each.id, REPOS.key) for each in jobs]
    roused = at_once(lambda n: house.steps.rouse(places[n % 3 :]))
    assert {step.job for steps in roused for step, _ in steps} == {each.id for each in jobs}
