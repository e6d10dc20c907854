"""What every StepStore and JobStore promises of calls that were made before anything told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from packsys.language.invocation import Invocation
from packsys.model import Claim, EventKind, Job, JobState, Step, StepState
from packsys.turns import Ahead, Settled
from packsys.values import Value
from tests.ports.house import House
from tests.ports.samples import ERROR, VALUES, call, job
from tests.ports.single import claim_one

FIRST, NEXT = call("Repos"), call("User")
CALLS = [call("Issues"), call("Nul\0"), call('A \\ and a "')]


@pytest.fixture
def kept(house: House) -> Job:
    """Gives a job with one call, which is queued."""
    accepted = house.jobs.accept(job(timeout=60))
    house.steps.add(accepted.id, [FIRST])
    return accepted


def claimed(house: House, of: Job, *, lease: float = 30) -> Claim:
    """Claims it."""
    claim = claim_one(house.steps, of.id, FIRST.key, worker="w", lease=lease)
    assert claim
    return claim


def made(head: Claim, outcomes: Sequence[Value], *, calls: Sequence[Invocation] = CALLS) -> list[Ahead]:
    """Gives an outcome to calls that follow, one after the other, of which each took a second."""
    found = []
    for place, (each, outcome) in enumerate(zip(calls, outcomes, strict=True)):
        step = Step(
            job=head.step.job, key=each.key, number=2 + place, wave=2 + place, invocation=each, attempt=1,
            state=StepState.RUNNING,
        )  # fmt: skip
        settled = Settled(claim=replace(head, step=step), outcome=outcome, cached=place == 1)
        ago = float(len(calls) - place)
        found.append(Ahead(settled=settled, began=ago, ended=ago - 1))
    return found


def test_they_are_kept_as_steps_that_ended(house: House, kept: Job) -> None:
    head = claimed(house, kept)
    ahead = made(head, [1, ERROR, "x"])
    assert house.jobs.finish(kept.id, "end", settled=[Settled(claim=head, outcome=0)], ahead=ahead, worker="w")
    steps = house.steps.of(kept.id)
    assert [(step.number, step.wave, step.attempt, step.cached) for step in steps] == [
        (1, 1, 1, False), (2, 2, 1, False), (3, 3, 1, True), (4, 4, 1, False),
    ]  # fmt: skip
    assert [step.state for step in steps] == [StepState.DONE, StepState.DONE, StepState.FAILED, StepState.DONE]
    assert [step.outcome for step in steps] == [0, 1, ERROR, "x"]
    assert [step.invocation for step in steps] == [FIRST, *CALLS]
    assert (house.jobs.get(kept.id).state, house.jobs.get(kept.id).value) == (JobState.DONE, "end")
    assert house.progress.of(kept.id).total == 4


def test_they_say_when_they_ran(house: House, kept: Job) -> None:
    head = claimed(house, kept)
    house.jobs.finish(kept.id, 1, settled=[Settled(claim=head, outcome=0)], ahead=made(head, [1, 2, 3]), worker="w")
    for earlier, later in zip(house.steps.of(kept.id)[1:], house.steps.of(kept.id)[2:], strict=False):
        assert earlier.started_at
        assert earlier.finished_at
        assert earlier.finished_at - earlier.started_at == timedelta(seconds=1)
        assert earlier.finished_at == later.started_at


def test_each_tells_that_it_was_queued_taken_and_ended(house: House, kept: Job) -> None:
    head = claimed(house, kept)
    house.jobs.finish(kept.id, 1, settled=[Settled(claim=head, outcome=0)], ahead=made(head, [1, ERROR, 3]), worker="w")
    told = house.events.since(kept.id, 0)
    assert [event.number for event in told] == list(range(1, len(told) + 1))
    each = [(event.kind, event.step) for event in told[5:-1]]
    ends = [EventKind.STEP_DONE, EventKind.STEP_FAILED, EventKind.STEP_DONE]
    assert each == [
        (kind, call.key)
        for call, end in zip(CALLS, ends, strict=True)
        for kind in (EventKind.STEP_QUEUED, EventKind.STEP_RUNNING, end)
    ]
    details = {(event.kind, event.step): event.detail for event in told}
    queued = {"number": 2, "wave": 2, "call": CALLS[0].name}
    assert details[EventKind.STEP_QUEUED, CALLS[0].key] == queued
    assert details[EventKind.STEP_RUNNING, CALLS[1].key] == {"attempt": 1, "worker": "w"}
    assert details[EventKind.STEP_FAILED, CALLS[1].key] == {"cached": True, "code": "Api"}
    assert told[-1].kind is EventKind.JOB_DONE


def test_a_wave_is_added_after_them_and_its_first_call_is_claimed(house: House, kept: Job) -> None:
    head = claimed(house, kept)
    taken = house.steps.take(
        kept.id, [NEXT, call("Other")], worker="w", lease=30, settled=[Settled(claim=head, outcome=0)],
        ahead=made(head, [1, 2, 3]),
    )  # fmt: skip
    assert taken
    assert taken.claim
    assert [(step.key, step.number, step.wave) for step in taken.steps] == [
        (NEXT.key, 5, 5), (call("Other").key, 6, 5),
    ]  # fmt: skip
    told = house.events.since(kept.id, 0)
    assert [event.number for event in told] == list(range(1, len(told) + 1))
    last = house.steps.keep([Settled(claim=taken.claim, outcome=4)])
    other = claim_one(house.steps, kept.id, call("Other").key, worker="w", lease=30)
    assert other
    assert last.standing is None
    found = house.steps.keep([Settled(claim=other, outcome=5)]).standing
    assert found
    assert (found.open, found.waves, sorted(map(str, found.outcomes.values()))) == (0, 5, list("012345"))


@pytest.mark.parametrize("name", VALUES)
def test_any_value_comes_back(house: House, kept: Job, name: str) -> None:
    head, value = claimed(house, kept), VALUES[name]
    ahead = made(head, [value], calls=CALLS[:1])
    assert house.jobs.finish(kept.id, 1, settled=[Settled(claim=head, outcome=0)], ahead=ahead, worker="w\0")
    assert house.steps.of(kept.id)[1].outcome == value


def test_a_lost_claim_leaves_nothing_of_them(house: House, kept: Job) -> None:
    head = claimed(house, kept, lease=10)
    house.wait(11)
    heir = claimed(house, kept)
    settled, ahead = [Settled(claim=head, outcome=0)], made(head, [1, 2, 3])
    assert not house.jobs.finish(kept.id, 1, settled=settled, ahead=ahead, worker="w")
    assert house.steps.take(kept.id, [NEXT], worker="w", lease=30, settled=settled, ahead=ahead) is None
    (step,) = house.steps.of(kept.id)
    assert (step.state, step.attempt) == (StepState.RUNNING, heir.attempt)
    told = house.events.since(kept.id, 0)
    assert [event.number for event in told] == list(range(1, len(told) + 1))


def test_a_job_that_ended_keeps_nothing_of_them(house: House, kept: Job) -> None:
    head = claimed(house, kept)
    house.jobs.cancel(kept.id)
    settled, ahead = [Settled(claim=head, outcome=0)], made(head, [1, 2, 3])
    assert not house.jobs.finish(kept.id, 1, settled=settled, ahead=ahead, worker="w")
    assert [step.key for step in house.steps.of(kept.id)] == [FIRST.key]
    assert house.jobs.get(kept.id).state is JobState.CANCELLED
