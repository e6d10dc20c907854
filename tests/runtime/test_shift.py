"""A slot that is done with a message takes the next one by itself for a while; each call is a step of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, cast

import pytest

from packsys.dispatch.canvas import CanvasDispatcher
from packsys.errors import NotReady
from packsys.model import EventKind, JobState, Step, StepState, Submission
from packsys.ports import Due, StepStore
from packsys.runtime.execute import SHIFT
from tests.runtime.world import World, world

FIVE = "Sequence(1, 5).FormulaMap(Probe::Add(CurrentValue, 1)).Sum()"


@dataclass(frozen=True)
class Shown:
    """Is a display that remembers what ran while what was shown."""

    under_way: list[str] = field(default_factory=list)
    most: list[int] = field(default_factory=list)

    @contextmanager
    def show(self, step: Step) -> Iterator[None]:
        """Shows a task."""
        self.under_way.append(step.key)
        self.most.append(len(self.under_way))
        yield
        self.under_way.remove(step.key)


def test_one_message_is_enough_for_all_that_wait_behind_it() -> None:
    here = world(passes=True)
    jobs = [here.submit(Submission(formula=FIVE)), here.submit(Submission(formula="Probe::Echo(7)"))]
    here.deliver(here.messages.waiting.popleft())
    assert not here.messages.waiting
    assert [here.house.jobs.get(job.id).value for job in jobs] == [20, 7]


def test_each_has_its_own_attempt_and_events() -> None:
    here = world(passes=True)
    job = here.run(FIVE)
    assert [(step.state, step.attempt) for step in here.house.steps.of(job.id)] == [(StepState.DONE, 1)] * 5
    events = here.house.events.since(job.id, 0)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    for kind in (EventKind.STEP_QUEUED, EventKind.STEP_RUNNING, EventKind.STEP_DONE):
        assert len({event.step for event in events if event.kind is kind}) == 5


def test_each_is_shown_as_a_task_that_ends_before_the_next_begins() -> None:
    shown = Shown()
    assert world(passes=True, display=shown).run(FIVE).value == 20
    assert (shown.most, shown.under_way) == ([1] * 5, [])


def test_the_slot_is_the_consumer_s_again_after_a_while() -> None:
    here = world(passes=True)
    here.submit(Submission(formula=FIVE))
    seconds = count(0.0, SHIFT / 20)
    hasty = replace(here, execute=replace(here.execute, clock=lambda: next(seconds)))
    hasty.deliver(here.messages.waiting.popleft())
    assert 0 < len(here.messages.waiting) < 4


def test_without_a_queue_nothing_is_taken() -> None:
    here = world(passes=True)
    job = here.submit(Submission(formula=FIVE))
    here.execute(Due(job.id, here.messages.waiting.popleft()[2]))
    assert len(here.messages.waiting) == 4


def test_a_message_that_another_has_done_is_passed_over() -> None:
    here = world(passes=True)
    job = here.submit(Submission(formula=FIVE))
    here.messages.waiting.extend(list(here.messages.waiting))
    here.deliver(here.messages.waiting.popleft())
    assert not here.messages.waiting
    done = here.house.jobs.get(job.id)
    assert (done.state, done.value) == (JobState.DONE, 20)
    assert [step.attempt for step in here.house.steps.of(job.id)] == [1] * 5


def test_a_message_whose_claim_fails_is_sent_again() -> None:
    """It is gone from the queue by then: the reconciler finds its step."""
    here = world(passes=True)
    job = here.submit(Submission(formula=FIVE))
    failing = replace(
        here, execute=replace(here.execute, advance=replace(here.advance, steps=cast(StepStore, _Away(here))))
    )
    with pytest.raises(NotReady):
        failing.deliver(here.messages.waiting.popleft())
    here.settle()
    assert here.house.jobs.get(job.id).state is JobState.RUNNING
    here.house.wait(11.0)
    assert here.reconcile() == 1
    here.settle()
    assert here.house.jobs.get(job.id).value == 20


class _Away:
    """Is a store of steps that lets the first claim through, and is away at the second."""

    def __init__(self, here: World) -> None:
        self._steps, self._claims = here.house.steps, count()

    def __getattr__(self, name: str) -> Any:
        if name == "claim" and next(self._claims) == 1:
            raise NotReady("The database does not answer.")
        return getattr(self._steps, name)


def test_where_the_broker_joins_nothing_is_taken() -> None:
    assert CanvasDispatcher(app=None).next("formulas") is None  # type: ignore[arg-type]
