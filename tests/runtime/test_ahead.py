"""Quick calls that follow from outcomes are made before those are committed; each is a step of its own all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import pytest

from packsys.errors import HouseError
from packsys.model import Claim, Step, StepState, Submission
from packsys.runtime.ahead import RunAhead
from packsys.runtime.paces import MOST
from packsys.sdk import Context, Pack, Response, StatusCodeError
from tests.ports.house import House, in_memory
from tests.ports.single import claim_one
from tests.runtime.world import World, world

FIVE = "Probe::Add(Probe::Add(Probe::Add(Probe::Add(Probe::Add(1, 1), 1), 1), 1), 1)"
QUICK = ("Probe::Add", "Probe::Echo", "Late::Give")


@dataclass
class Watched:
    """Counts what is asked of a store."""

    store: Any
    asked: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        return getattr(self.store, name)


def watched(house: House) -> tuple[House, list[str]]:
    """Gives a house of which one can see what is asked of its steps and jobs."""
    asked: list[str] = []
    return replace(house, steps=Watched(house.steps, asked), jobs=Watched(house.jobs, asked)), asked  # type: ignore[arg-type]


@dataclass
class Late:
    """Is a pack whose third call does something else before it answers."""

    then: Callable[[], None] = field(default=lambda: None)
    calls: int = 0
    pack: Pack = field(init=False)

    def __post_init__(self) -> None:
        self.pack = Pack(id=9314, name="Late", version="1.0.0", description="For a test.")

        @self.pack.formula(connection="none")
        def give(context: Context, n: Annotated[float, "Which."]) -> float:
            """Gives back what it was given."""
            self.calls += 1
            if self.calls == 3:
                self.then()
            return n

    formula = "Late::Give(Late::Give(Late::Give(Late::Give(1) + 1) + 1) + 1)"


def test_a_chain_of_quick_calls_is_claimed_once_and_committed_once() -> None:
    house, asked = watched(in_memory())
    here = world(house=house, quick=QUICK)
    assert here.run(FIVE).value == 6
    assert [name for name in asked if name in ("claim", "keep", "take", "add", "finish")] == ["claim", "finish"]


def test_calls_side_by_side_that_follow_are_made_too() -> None:
    house, asked = watched(in_memory())
    job = world(house=house, quick=QUICK).run(
        "Sequence(1, Probe::Add(2, 2)).FormulaMap(Probe::Echo(CurrentValue)).Sum()"
    )
    assert job.value == 10
    assert [name for name in asked if name in ("claim", "keep", "take", "add", "finish")] == ["claim", "finish"]


@pytest.mark.parametrize(
    "formula",
    [
        FIVE,
        "Probe::Echo(Probe::Add(List(1, 2, 3).FormulaMap(Probe::Add(CurrentValue, 1)).Sum(), 1))",
        "Sequence(1, Probe::Add(2, 2)).FormulaMap(Probe::Echo(CurrentValue)).Sum()",
        "Probe::Add(Probe::Echo('not a number'), 1)",
        "IfError(Probe::Refuse(Probe::Echo('no')), Probe::Echo('yes'))",
    ],
)
def test_what_it_leaves_is_what_going_step_by_step_leaves(formula: str) -> None:
    one_by_one, ahead = world(), world(quick=[*QUICK, "Probe::Refuse"])
    assert _left(one_by_one, formula) == _left(ahead, formula)


def _left(here: World, formula: str) -> object:
    job = here.run(formula)
    steps = [
        (step.key, step.number, step.wave, step.state, step.attempt, step.cached, step.outcome)
        for step in here.house.steps.of(job.id)
    ]
    told = here.house.events.since(job.id, 0)
    assert [event.number for event in told] == list(range(1, len(told) + 1))
    by_step = {key: [event.kind for event in told if event.step == key] for key, *_ in steps}
    return job.state, job.value, job.error, steps, by_step, here.house.progress.of(job.id)


def test_each_is_shown_as_a_task() -> None:
    shown = Shown()
    world(quick=QUICK, display=shown).run(FIVE)
    assert shown.begun == shown.ended == [1, 2, 3, 4, 5]


@dataclass(frozen=True)
class Shown:
    """Is a display that remembers what it showed, and how each showing ended."""

    begun: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)

    @contextmanager
    def show(self, step: Step) -> Iterator[None]:
        """Shows a task."""
        self.begun.append(step.number)
        yield
        self.ended.insert(0, step.number)


def test_what_came_before_an_action_is_committed_before_it() -> None:
    acting = Pack(id=9313, name="Acting", version="1.0.0", description="For a test.")
    seen: list[Sequence[StepState]] = []

    @acting.formula(connection="none", is_action=True)
    def act(context: Context, n: Annotated[float, "Which."]) -> float:
        """Looks how far the job is."""
        seen.append([step.state for step in here.house.steps.of(asked.id)])
        return n

    here = world(acting, quick=[*QUICK, "Acting::Act"])
    asked = here.submit(Submission(formula="Acting::Act(Probe::Add(Probe::Add(1, 1), 1))", actions=True))
    here.settle()
    assert seen == [[StepState.DONE, StepState.DONE, StepState.RUNNING]]
    assert here.house.jobs.get(asked.id).value == 3


def test_nothing_runs_ahead_of_a_step_that_was_tried_before() -> None:
    """Its worker may have died of what ran ahead."""
    house, asked = watched(in_memory())
    here = world(house=house, quick=QUICK)
    job = here.submit(Submission(formula=FIVE))
    (first,) = here.house.steps.of(job.id)
    claim_one(house.steps, job.id, first.key, worker="dead", lease=30)
    house.wait(31)
    asked.clear()
    here.settle()
    assert house.jobs.get(job.id).value == 6
    assert asked.count("take") == 4
    assert [step.attempt for step in house.steps.of(job.id)] == [2, 1, 1, 1, 1]


def test_more_than_so_many_are_sent() -> None:
    here = world(quick=QUICK)
    job = here.submit(
        Submission(formula=f"Sequence(1, Probe::Add({MOST}, 1)).FormulaMap(Probe::Echo(CurrentValue)).Count()")
    )
    here.deliver(here.messages.waiting.popleft())
    assert len(here.messages.waiting) >= MOST - 1
    here.settle()
    assert here.house.jobs.get(job.id).value == MOST + 1


def test_a_call_that_is_to_be_tried_again_is_written_down_with_what_came_before_it() -> None:
    """It was tried once, and comes back when it is due."""
    late = Late(then=_fails)
    here = world(late.pack, quick=QUICK)
    job = here.submit(Submission(formula=late.formula))
    here.deliver(here.messages.waiting.popleft())
    states = [(step.state, step.attempt) for step in here.house.steps.of(job.id)]
    assert states == [(StepState.DONE, 1), (StepState.DONE, 1), (StepState.WAITING, 1)]
    assert here.messages.delays[-1] > 0
    here.house.wait(60)
    here.settle()
    assert (here.house.jobs.get(job.id).value, late.calls) == (4, 5)


def _fails() -> None:
    raise StatusCodeError(Response(status=503), url="https://late.example/")


def test_a_call_that_is_suddenly_slow_is_written_down_at_the_next_heartbeat() -> None:
    """The heartbeat's thread does it in the midst of the call; what is held from then on is the call's own claim."""
    seen: list[Sequence[StepState]] = []
    late = Late(then=lambda: _beat(here, seen, asked.id))
    here = world(late.pack, quick=QUICK)
    asked = here.submit(Submission(formula=late.formula))
    here.settle()
    assert seen == [[StepState.DONE, StepState.DONE, StepState.RUNNING]] * 2
    assert (here.house.jobs.get(asked.id).value, late.calls) == (4, 4)
    assert [step.attempt for step in here.house.steps.of(asked.id)] == [1, 1, 1, 1]


def test_a_heartbeat_that_comes_to_a_call_when_it_has_ended_writes_nothing_down() -> None:
    """It had begun in the midst of the call: what it would write down then is no longer how the job stands."""
    late, lagging = Late(), Lagging()
    here = world(late.pack, quick=QUICK)
    lagging.watch(here.execute.ahead)
    ahead = replace(here.execute.ahead, heartbeats=lagging, paces=lagging)  # type: ignore[arg-type]
    here = replace(here, execute=replace(here.execute, ahead=ahead))
    asked = here.submit(Submission(formula=late.formula))
    here.settle()
    assert (here.house.jobs.get(asked.id).value, late.calls) == (4, 4)


class Lagging:
    """Does what a heartbeat does beside a call when that has ended, and been noted."""

    def watch(self, ahead: RunAhead) -> None:
        self.paces, self.heartbeats, self.late = ahead.paces, ahead.heartbeats, list[Callable[[], object]]()

    def most(self, call: str) -> int:
        return self.paces.most(call)

    def note(self, call: str, seconds: float) -> None:
        self.paces.note(call, seconds)
        for act in self.late:
            act()

    def beside(self, claim: Claim, *also: Callable[[], object]) -> AbstractContextManager[None]:
        self.late = [*self.late, *also]
        return self.heartbeats.beside(claim, *also)


def test_a_call_that_is_put_off_without_being_written_down_is_refused() -> None:
    """Nobody would make it, and nobody would tell."""
    late = Late()
    here = world(late.pack, quick=QUICK)
    ahead = replace(here.execute.ahead, make=lambda claim, beside: None)  # type: ignore[arg-type]
    here = replace(here, execute=replace(here.execute, ahead=ahead))
    asked = here.submit(Submission(formula=late.formula))
    with pytest.raises(HouseError, match="put off"):
        here.settle()
    assert [step.state for step in here.house.steps.of(asked.id)] == [StepState.RUNNING]


def _beat(here: World, seen: list[Sequence[StepState]], job: str) -> None:
    for _ in range(2):
        here.house.wait(20)  # two of them are longer than a lease
        here.execute.heartbeats.beat()
        seen.append([step.state for step in here.house.steps.of(job)])


def test_what_is_not_held_any_more_is_not_counted_as_lost() -> None:
    lost: list[int] = []
    late = Late(then=lambda: _beat(here, [], ""))
    here = world(late.pack, quick=QUICK, lost=lost.append)
    here.run(late.formula)
    here.execute.heartbeats.beat()
    assert lost == []


def test_a_worker_whose_claim_passed_to_another_leaves_nothing_of_what_ran_ahead() -> None:
    late = Late(then=lambda: _pass_on(here, asked.id))
    here = world(late.pack, quick=QUICK)
    asked = here.submit(Submission(formula=late.formula))
    here.settle()
    (first,) = here.house.steps.of(asked.id)
    assert (first.state, first.attempt) == (StepState.RUNNING, 2)
    here.house.wait(31)
    here.reconcile()
    here.settle()
    assert here.house.jobs.get(asked.id).value == 4


def _pass_on(here: World, job: str) -> None:
    here.house.wait(31)
    (first,) = here.house.steps.of(job)
    assert claim_one(here.house.steps, job, first.key, worker="another", lease=30)


def test_who_took_a_call_that_another_thread_had_made_ahead_puts_it_off_all_the_same() -> None:
    """The other's claim was lost, and it does not know that yet: what it would write down is not this call."""
    states: list[StepState] = []
    late = Late(then=lambda: _taken_over(here, late, states, asked.id))
    here = world(late.pack, quick=QUICK)
    asked = here.submit(Submission(formula=late.formula))
    here.settle()
    assert states == [StepState.DONE, StepState.DONE, StepState.WAITING]


def _taken_over(here: World, late: Late, states: list[StepState], job: str) -> None:
    late.calls, late.then = 0, _fails  # the third call after this one
    here.house.wait(31)
    here.reconcile()
    here.settle()
    states.extend(step.state for step in here.house.steps.of(job))


def test_a_call_that_another_makes_is_waited_for_as_a_parked_step() -> None:
    """The leader is a step of another job, and wakes it."""
    led = Pack(id=9315, name="Led", version="1.0.0", description="For a test.")
    seen: list[Sequence[StepState]] = []
    others: list[str] = []

    @led.formula(connection="none", cache_ttl=60)
    def ask(context: Context, n: Annotated[float, "What."]) -> float:
        """Has another job ask the same while it is made."""
        if not others:
            others.append(here.run("Led::Ask(Probe::Add(6, 1)) + 1").id)
            seen.append([step.state for step in here.house.steps.of(others[0])])
        return n

    here = world(led, quick=[*QUICK, "Led::Ask"])
    assert here.run("Led::Ask(7)").value == 7
    assert seen == [[StepState.DONE, StepState.WAITING]]
    here.settle()
    assert here.house.jobs.get(others[0]).value == 8
