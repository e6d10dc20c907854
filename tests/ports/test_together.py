"""What every StepStore promises of several steps of one job that are claimed and committed at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from packsys.language.invocation import Invocation
from packsys.model import Claim, EventKind, Job, JobState, StepState
from packsys.turns import Settled
from tests.ports.house import House
from tests.ports.samples import ERROR, call, job
from tests.ports.threads import at_once

CALLS = [call(name) for name in ("Repos", "User", "Issues", "Nul\0", 'A \\ and a "')]
KEYS = [each.key for each in CALLS]


@pytest.fixture
def kept(house: House) -> Job:
    """Gives a job with five calls, all queued."""
    accepted = house.jobs.accept(job(timeout=60))
    house.steps.add(accepted.id, CALLS)
    return accepted


def claim(house: House, of: Job, keys: Sequence[str] = KEYS, *, lease: float = 30) -> Sequence[Claim]:
    """Claims steps of a job."""
    return house.steps.claim(of.id, keys, worker="w", lease=lease).claims


def done(claims: Sequence[Claim]) -> list[Settled]:
    """Gives an outcome to each."""
    return [Settled(claim=each, outcome=each.step.number) for each in claims]


def test_all_that_are_due_and_free_are_claimed(house: House, kept: Job) -> None:
    (held,) = claim(house, kept, KEYS[:1])
    claims = claim(house, kept, [*KEYS, "nobody's"])
    assert {each.step.key for each in claims} == set(KEYS[1:])
    assert {(each.attempt, each.workspace, each.step.state) for each in claims} == {(1, "default", StepState.RUNNING)}
    assert {each.step.key: each.step.invocation for each in (held, *claims)} == {each.key: each for each in CALLS}


def test_of_all_who_claim_them_at_once_one_has_each(house: House, kept: Job) -> None:
    found = at_once(lambda n: claim(house, kept, KEYS if n % 2 else KEYS[::-1]))
    assert sorted(each.step.key for claims in found for each in claims) == sorted(KEYS)


def test_the_job_comes_with_all_that_is_open_of_it(house: House, kept: Job) -> None:
    assert house.steps.claim(kept.id, KEYS[:4], worker="w", lease=30).standing is None
    house.wait(31)
    house.upkeep.release(attempts=5)
    found = house.steps.claim(kept.id, KEYS, worker="w", lease=30)
    assert found.standing is not None
    assert (found.standing.job, found.standing.open, found.standing.outcomes) == (kept.id, 5, {})


def test_the_outcomes_of_what_ended_before_come_with_it(house: House, kept: Job) -> None:
    house.steps.keep(done(claim(house, kept, KEYS[:3])))
    found = house.steps.claim(kept.id, KEYS[3:], worker="w", lease=30)
    assert found.standing is not None
    assert found.standing.outcomes == dict(zip(KEYS[:3], (1, 2, 3), strict=True))


def test_who_does_not_ask_for_the_job_is_not_given_it(house: House, kept: Job) -> None:
    assert house.steps.claim(kept.id, KEYS, worker="w", lease=30, look=False).standing is None


def acting(name: str) -> Invocation:
    """Makes a call that is an action."""
    return replace(call(name), action=True)


def test_an_action_is_claimed_alone(house: House) -> None:
    accepted = house.jobs.accept(job())
    calls = [acting("Send"), acting("Delete"), call("Repos")]
    house.steps.add(accepted.id, calls)
    assert [each.step.key for each in claim(house, accepted, [each.key for each in calls])] == [call("Repos").key]
    for each in calls[:2]:
        assert [found.step.key for found in claim(house, accepted, [each.key])] == [each.key]


def test_outcomes_are_committed_together(house: House, kept: Job) -> None:
    claims = claim(house, kept)
    settled = [Settled(claim=claims[0], outcome=ERROR), *done(claims[1:4])]
    found = house.steps.keep(settled)
    assert {each.claim.step.key for each in found.settled} == {each.claim.step.key for each in settled}
    assert found.standing is None
    last = house.steps.keep(done(claims[4:]))
    assert last.standing is not None
    assert (last.standing.open, len(last.standing.outcomes)) == (0, 5)


def test_each_is_told_as_an_event_of_its_own(house: House, kept: Job) -> None:
    house.steps.keep(done(claim(house, kept)))
    events = house.events.since(kept.id, 0)
    assert [event.number for event in events] == list(range(1, 18))
    assert {event.step for event in events if event.kind is EventKind.STEP_RUNNING} == set(KEYS)
    assert {event.step for event in events if event.kind is EventKind.STEP_DONE} == set(KEYS)


def test_only_what_was_not_lost_is_committed(house: House, kept: Job) -> None:
    claims = claim(house, kept, lease=10)
    house.wait(11)
    heirs = claim(house, kept, KEYS[:2])
    found = house.steps.keep(done(claims))
    assert {each.claim.step.key for each in found.settled} == set(KEYS[2:])
    assert {each.claim.step.key for each in house.steps.keep(done(heirs)).settled} == set(KEYS[:2])


def test_a_lost_claim_keeps_a_wave_from_being_added_and_the_others_are_kept(house: House, kept: Job) -> None:
    claims = claim(house, kept, lease=10)
    house.wait(11)
    (heir,) = claim(house, kept, KEYS[:1])
    next_call = call("Next")
    assert house.steps.take(kept.id, [next_call], worker="w", lease=30, settled=done(claims)) is None
    assert next_call.key not in {step.key for step in house.steps.of(kept.id)}
    assert house.steps.keep(done([heir])).standing is not None


def test_a_lost_claim_keeps_a_job_from_ending_and_the_others_are_kept(house: House, kept: Job) -> None:
    claims = claim(house, kept, lease=10)
    house.wait(11)
    claim(house, kept, KEYS[:1])
    assert not house.jobs.finish(kept.id, 15, settled=done(claims))
    assert house.jobs.get(kept.id).state is JobState.RUNNING
    assert [step.state for step in house.steps.of(kept.id)].count(StepState.DONE) == 4


def test_a_job_ends_with_its_last_outcomes(house: House, kept: Job) -> None:
    assert house.jobs.finish(kept.id, 15, settled=done(claim(house, kept)))
    assert house.jobs.get(kept.id).value == 15
    assert {step.state for step in house.steps.of(kept.id)} == {StepState.DONE}


def test_a_job_that_ended_meanwhile_keeps_outcomes_and_tells_nothing(house: House, kept: Job) -> None:
    claims = claim(house, kept)
    house.jobs.cancel(kept.id)
    told = len(house.events.since(kept.id, 0))
    assert len(house.steps.keep(done(claims)).settled) == 5
    assert len(house.events.since(kept.id, 0)) == told
    assert claim(house, kept) == ()


def test_nothing_rests_on_outcomes_that_a_crash_took_back(house: House, kept: Job) -> None:
    """They do not wait for the disk; who knew them goes on only where they are kept."""
    next_call = call("Next")
    house.steps.keep(done(claim(house, kept, KEYS[:2])))
    assert not house.jobs.finish(kept.id, 15, known=3)
    assert not house.steps.add(kept.id, [next_call], known=3)
    taken = house.steps.take(kept.id, [next_call], worker="w", lease=30, known=3)
    assert taken is not None
    assert (taken.steps, taken.claim) == ((), None)
    assert [step.state for step in house.steps.of(kept.id)].count(StepState.DONE) == 2
    taken = house.steps.take(kept.id, [next_call], worker="w", lease=30, known=2)
    assert taken is not None
    assert [step.key for step in taken.steps] == [next_call.key]
    assert house.steps.add(kept.id, [call("Another")], known=2)
    assert house.jobs.finish(kept.id, 15, known=2)
