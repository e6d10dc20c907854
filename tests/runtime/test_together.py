"""Calls that are quick are claimed and committed together; each is a step of its own all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import pytest

from packsys.dispatch.canvas import CanvasDispatcher
from packsys.errors import NotReady
from packsys.model import Claim, Event, EventKind, JobState, Step, StepState, Submission
from packsys.runtime.advance import decide
from packsys.runtime.paces import FORMULAS, MOST, QUICK, SLOW, STREAK, Paces
from packsys.sdk import Context, Pack
from packsys.turns import Settled
from packsys.values import Value
from tests.ports.house import in_memory
from tests.runtime.world import World, world

SIX = "Sequence(1, 6).FormulaMap(Probe::Add(CurrentValue, 1)).Sum()"
ADD = "Probe::Add"


@dataclass(frozen=True)
class Shown:
    """Is a display that remembers what it showed, and how each showing ended."""

    steps: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)

    @contextmanager
    def show(self, step: Step) -> Iterator[None]:
        """Shows a task."""
        self.steps.append(step.number)
        yield
        self.ended.append(step.number)


def deliveries(here: World, formula: str) -> int:
    """Counts how many messages a worker is given until a job is done."""
    job = here.submit(Submission(formula=formula))
    count = 0
    while here.messages.waiting:
        here.deliver(here.messages.waiting.popleft())
        count += 1
    assert here.house.jobs.get(job.id).state is JobState.DONE
    return count


def test_a_worker_takes_along_quick_calls_of_the_same_job() -> None:
    assert deliveries(world(), SIX) == 6
    assert deliveries(world(quick=[ADD]), SIX) == 1


def test_each_has_its_own_attempt_and_events() -> None:
    here = world(quick=[ADD])
    job = here.run(SIX)
    assert job.value == 27
    assert [(step.state, step.attempt) for step in here.house.steps.of(job.id)] == [(StepState.DONE, 1)] * 6
    events = here.house.events.since(job.id, 0)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    for kind in (EventKind.STEP_QUEUED, EventKind.STEP_RUNNING, EventKind.STEP_DONE):
        assert len({event.step for event in events if event.kind is kind}) == 6


def test_each_is_shown_as_a_task() -> None:
    shown = Shown()
    world(quick=[ADD], display=shown).run(SIX)
    assert sorted(shown.steps) == sorted(shown.ended) == [1, 2, 3, 4, 5, 6]


def test_calls_of_other_jobs_and_to_other_formulas_are_left_where_they_are() -> None:
    here = world(quick=[ADD, "Probe::Echo"])
    first = here.submit(Submission(formula=SIX))
    here.submit(Submission(formula=SIX))
    mixed = here.submit(Submission(formula="Probe::Add(100, 1) + Probe::Echo(2) + Probe::Add(200, 1)"))
    here.deliver(here.messages.waiting.popleft())
    assert here.house.jobs.get(first.id).state is JobState.DONE
    assert len(here.messages.waiting) == 6 + 3
    here.settle()
    assert here.house.jobs.get(mixed.id).value == 101 + 2 + 201


def test_no_more_than_so_many_are_taken_at_once() -> None:
    count = 2 * (MOST + 1)
    assert deliveries(world(quick=[ADD]), f"Sequence(1, {count}).FormulaMap(Probe::Add(CurrentValue, 1)).Sum()") == 2


def test_where_the_broker_joins_nothing_is_taken_along() -> None:
    assert CanvasDispatcher(app=None).along("job", ADD, queue="formulas", most=9) == ()  # type: ignore[arg-type]
    here = world(quick=[ADD], joins=True)
    assert here.run(SIX).value == 27


def test_an_action_is_never_taken_along() -> None:
    """Not even where its formula was taken for a quick one."""
    acting = Pack(id=9313, name="Acting", version="1.0.0", description="For a test.")

    @acting.formula(connection="none", is_action=True)
    def act(context: Context, n: Annotated[float, "Which."]) -> float:
        """Does nothing."""
        return n

    here = world(acting, quick=["Acting::Act"])
    job = here.run("List(Acting::Act(1), Acting::Act(2))", actions=True)
    assert job.value == [1, 2]
    assert [step.attempt for step in here.house.steps.of(job.id)] == [1, 1]


def test_one_that_is_held_by_another_worker_is_not_waited_for() -> None:
    here = world(quick=[ADD])
    job = here.submit(Submission(formula=SIX))
    held = here.house.steps.of(job.id)[3]
    (claim,) = here.house.steps.claim(job.id, [held.key], worker="other", lease=30).claims
    here.settle()
    states = [step.state for step in here.house.steps.of(job.id)]
    assert states.count(StepState.DONE) == 5
    standing = here.execute.advance.keep([_settled(claim, 5)])
    assert standing
    here.execute.advance.move(standing, decide(standing), until=float("inf"))
    assert here.house.jobs.get(job.id).value == 27


def test_what_waits_behind_a_call_that_is_suddenly_slow_is_given_back() -> None:
    """The heartbeat's thread does it, in the midst of the first call."""
    slow = Pack(id=9312, name="Slow", version="1.0.0", description="For a test.")
    beats = []

    @slow.formula(connection="none")
    def now_and_then(context: Context, n: Annotated[float, "Which."]) -> float:
        """Is slow the first time."""
        if not beats:
            beats.append(n)
            here.execute.heartbeats.beat()
        return n

    here = world(slow, quick=["Slow::NowAndThen"])
    job = here.submit(Submission(formula="Sequence(1, 4).FormulaMap(Slow::NowAndThen(CurrentValue)).Sum()"))
    here.deliver(here.messages.waiting.popleft())
    assert len(here.messages.waiting) == 3
    assert [event.detail["cause"] for event in events_of(here, job.id, EventKind.STEP_WAITING)] == ["held_up"] * 3
    here.settle()
    done = here.house.jobs.get(job.id)
    assert (done.state, done.value) == (JobState.DONE, 10)


def test_what_cannot_be_given_back_is_held_no_longer() -> None:
    """The database goes away just then: the claim runs out, while the slow call goes on."""
    slow = Pack(id=9316, name="Slow", version="1.0.0", description="For a test.")
    lost: list[int] = []

    @slow.formula(connection="none")
    def once(context: Context, n: Annotated[float, "Which."]) -> float:
        """Is slow the first time, for three heartbeats."""
        if not away.asked:
            here.execute.heartbeats.beat()
            for _ in range(2):
                here.house.wait(20)
                here.execute.heartbeats.beat()
            lost.extend(len(stall.steps) for stall in here.house.upkeep.release(attempts=3))
        return n

    kept = in_memory()
    away = Away(kept.steps)
    here = world(slow, house=replace(kept, steps=away), quick=["Slow::Once"])
    job = here.submit(Submission(formula="Sequence(1, 2).FormulaMap(Slow::Once(CurrentValue)).Sum()"))
    here.settle()
    assert lost == [1]
    here.house.wait(10)
    here.reconcile()
    here.settle()
    assert here.house.jobs.get(job.id).value == 3


@dataclass
class Away:
    """Is a store of steps that is away when it is to take the first claim back."""

    store: Any
    asked: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def postpone(self, claim: Claim, **terms: Any) -> bool:
        self.asked += 1
        if self.asked == 1:
            raise NotReady("The database does not answer.")
        return bool(self.store.postpone(claim, **terms))


def _settled(claim: Claim, outcome: Value) -> Settled:
    return Settled(claim=claim, outcome=outcome)


def events_of(here: World, job: str, kind: EventKind) -> list[Event]:
    """Lists a job's events of one kind."""
    return [event for event in here.house.events.since(job, 0) if event.kind is kind]


def test_a_formula_is_quick_after_so_many_quick_calls() -> None:
    paces = noted(QUICK, times=STREAK - 1)
    assert paces.most("a") == 0
    paces.note("a", QUICK)
    assert (paces.most("a"), paces.most("b")) == (MOST, 0)


@pytest.mark.parametrize(
    ("quick", "then", "most"),
    [
        (2 * STREAK, [2 * QUICK], MOST),
        (1000, [2 * QUICK] * 3, MOST),
        (1000, [2 * QUICK] * 4, 0),
        (1000, [SLOW], 0),
        (STREAK, [2 * QUICK], 0),
        (STREAK, [2 * QUICK] + [QUICK] * (STREAK // 2), MOST),
        (1000, [SLOW] + [QUICK] * (STREAK - 1), 0),
    ],
)
def test_a_call_that_was_not_quick_undoes_half_and_a_slow_one_all(quick: int, then: list[float], most: int) -> None:
    paces = noted(QUICK, times=quick)
    for seconds in then:
        paces.note("a", seconds)
    assert paces.most("a") == most


def noted(seconds: float, *, times: int) -> Paces:
    """Gives what is known after so many calls of a formula."""
    paces = Paces()
    for _ in range(times):
        paces.note("a", seconds)
    return paces


def test_the_paces_of_so_many_formulas_are_known_at_once() -> None:
    paces = Paces()
    for name in map(str, range(FORMULAS + 1)):
        for _ in range(STREAK):
            paces.note(name, 0.0)
    assert (paces.most("0"), paces.most(str(FORMULAS))) == (0, MOST)
