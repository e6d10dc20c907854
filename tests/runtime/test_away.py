"""A server that is away is never what a call gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from packsys.errors import NotReady
from packsys.model import JobState, StepState, Submission
from packsys.ports import Due
from packsys.sdk import Context, Pack
from packsys.values import ErrorValue
from tests.ports.single import claim_one
from tests.runtime.world import World, world


def stumbling(surround: Callable[..., Any], times: int) -> Callable[..., Any]:
    """Gives a way out that cannot read the account from the database so often."""
    left = [NotReady()] * times

    def surrounded(*args: Any, **terms: Any) -> Any:
        if left:
            raise left.pop()
        return surround(*args, **terms)

    return surrounded


def without_database(times: int) -> World:
    here = world()
    return here.calling(surround=stumbling(here.execute.make.surround, times))


def test_a_database_that_is_away_for_a_moment_delays_a_call_and_is_not_its_outcome() -> None:
    job = without_database(2).run("Probe::Add(1, 2)")
    assert job.value == 3


def acting(done: list[str]) -> Pack:
    """Makes a pack whose action notes that it was done."""
    pack = Pack(id=9600, name="Acting", version="1.0.0", description="For a test.")

    @pack.formula(is_action=True)
    def act(context: Context) -> str:
        """Acts."""
        done.append("done")
        return "done"

    return pack


ACTION = Submission(formula="RunActions(Acting::Act())", actions=True)


def test_nor_does_it_end_an_action_that_has_sent_nothing() -> None:
    done: list[str] = []
    here = world(acting(done))
    here = here.calling(surround=stumbling(here.execute.make.surround, 2))
    job = here.submit(ACTION)
    here.settle()
    assert here.house.jobs.get(job.id).state is JobState.DONE
    assert done == ["done"]


def test_an_action_whose_claim_was_lost_while_the_database_was_away_is_not_begun() -> None:
    """Another worker has said by then that its outcome is unknown."""
    done: list[str] = []
    here = world(acting(done))
    job = here.submit(ACTION)
    (step,) = here.house.steps.of(job.id)
    surround: Any = here.execute.make.surround

    def away(*args: Any, **terms: Any) -> Any:
        here.house.wait(31)
        here.house.upkeep.release(attempts=3)
        claim_one(here.house.steps, job.id, step.key, worker="other", lease=30)
        return surround(*args, **terms)

    passed = iter(range(0, 10_000, 31))
    here.calling(surround=away, clock=lambda: float(next(passed))).execute(Due(job.id, step.key))
    assert done == []
    (left,) = here.house.steps.of(job.id)
    assert not isinstance(left.outcome, ErrorValue)
    assert left.attempt == 2


TWO_AFTER_ONE = "Sequence(1, 2).FormulaMap(Probe::Add(CurrentValue, Probe::Echo(1))).Sum()"


def test_a_broker_that_does_not_take_a_wave_keeps_nobody_from_the_call_that_was_claimed_with_it() -> None:
    here = world()
    job = here.submit(Submission(formula=TWO_AFTER_ONE))
    here.messages.away = True
    here.settle()
    assert [step.state for step in here.house.steps.of(job.id)] == [StepState.DONE, StepState.DONE, StepState.QUEUED]
    here.messages.away = False
    here.house.wait(11.0)
    assert here.reconcile() == 1
    here.settle()
    done = here.house.jobs.get(job.id)
    assert (done.value, [step.attempt for step in here.house.steps.of(job.id)]) == (5, [1, 1, 1])


def test_a_broker_that_does_not_take_the_next_attempt_loses_it_to_nobody() -> None:
    here = world()
    job = here.submit(Submission(formula="IfError(Probe::Fail(503), 7)"))
    here.messages.away = True
    here.settle()
    assert [step.state for step in here.house.steps.of(job.id)] == [StepState.WAITING]
    here.messages.away = False
    while not here.house.jobs.get(job.id).state.final:
        here.house.wait(60.0)
        here.reconcile()
        here.settle()
    assert here.house.jobs.get(job.id).value == 7
