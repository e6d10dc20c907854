"""Many formulas that are submitted at once come to what each alone comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from packsys.errors import FormulaError, HouseError, IdempotencyMismatch, NotReady, Overloaded, RequestError
from packsys.language.compile import Compiled
from packsys.language.nodes import Node
from packsys.model import Job, JobState, StepState, Submission
from packsys.runtime import batch
from packsys.runtime.batch import MOST, PART, Answer
from packsys.runtime.opening import LIGHT, Heavy
from packsys.turns import Opening
from tests.runtime.world import World, world

FIVE = "List(1, 2, 3, 4, 5).FormulaMap(Probe::Add(CurrentValue, {})).Sum()"


@pytest.fixture(params=[False, True], ids=["quick", "canvas"])
def here(request: pytest.FixtureRequest) -> World:
    """Gives a fresh world, in which waves are sent one way and the other."""
    return world(joins=request.param)


def asked(*formulas: str, **terms: Any) -> list[Submission]:
    return [Submission(formula=formula, **terms) for formula in formulas]


def value(here: World, answer: Answer) -> object:
    assert isinstance(answer, Job)
    return here.house.jobs.get(answer.id).value


def test_each_comes_to_its_value(here: World) -> None:
    answers = here.submit_many(asked(*(FIVE.format(number) for number in range(20)), "=6 * 7"))
    assert isinstance(answers[-1], Job)
    assert answers[-1].state is JobState.DONE
    here.settle()
    assert [value(here, each) for each in answers] == [*(15 + 5 * number for number in range(20)), 42]


def test_a_wrong_one_troubles_no_other(here: World) -> None:
    wrong = [
        Submission(formula="=Nope("),
        Submission(formula="=1", timezone="Nowhere"),
        Submission(formula="=1", idempotency_key="a"),
        Submission(formula="=2", idempotency_key="a"),
    ]
    syntax, zone, first, other, last = here.submit_many([*wrong, *asked("Probe::Add(1, 2)")])
    assert isinstance(syntax, FormulaError)
    assert isinstance(zone, RequestError)
    assert isinstance(other, IdempotencyMismatch)
    here.settle()
    assert (value(here, first), value(here, last)) == (1, 3)


@pytest.mark.parametrize("where", ["compile", "open"])
def test_a_mistake_of_ours_hits_only_whoever_runs_into_it(here: World, where: str) -> None:
    """It is not done again: what was kept by then would be kept twice."""
    whole = here.submit_many
    opening, compiling = whole.submit.open, whole.compiling()

    def compiled(submission: Submission) -> Compiled:
        assert where != "compile" or "13" not in submission.formula
        return compiling(submission)

    def opened(asked: Sequence[tuple[Job, Node]]) -> Sequence[Opening | Heavy]:
        assert where != "open" or not any("13" in job.formula for job, _ in asked)
        return opening(asked)

    broken = replace(whole, submit=replace(whole.submit, open=opened), compiling=lambda: compiled)
    one, mistake, two = broken(asked("=1", "=13", "=2"))
    assert isinstance(mistake, HouseError)
    assert isinstance(mistake.__cause__, AssertionError)
    assert (value(here, one), value(here, two)) == (1, 2)


def test_what_was_answered_before_is_answered_at_once(here: World) -> None:
    before = here.run("Probe::Remember(1)").value
    known, new = here.submit_many(asked("Probe::Remember(1)", "Probe::Remember(2)"))
    assert isinstance(known, Job)
    assert isinstance(new, Job)
    assert (known.state, known.value, new.state) == (JobState.DONE, before, JobState.RUNNING)


def test_jobs_come_with_their_steps_only_where_those_are_told(here: World) -> None:
    before = here.run("Probe::Remember(1)").value
    mixed = asked("Probe::Remember(1) + Probe::Add(Probe::Remember(1), 2)")
    (told,) = replace(here.submit_many, telling=True)(mixed)
    (silent,) = here.submit_many(mixed)
    assert isinstance(told, Job)
    assert isinstance(silent, Job)
    assert told.steps is not None
    assert [(step.state, step.outcome) for step in told.steps] == [(StepState.DONE, before), (StepState.QUEUED, None)]
    assert [step.queued_at for step in told.steps] == [told.accepted_at] * 2
    assert silent.steps is None


def test_what_takes_long_is_left_out_of_company(here: World) -> None:
    company = replace(here.submit_many, submit=replace(here.submit, open=replace(here.submit.open, budget=LIGHT)))
    heavy, quick = company(asked("Sequence(1, 5000).Sum()", "Sequence(1, 10).Sum()"))
    assert isinstance(heavy, Heavy)
    assert value(here, quick) == 55
    assert here.submit(Submission(formula="Sequence(1, 5000).Sum()")).value == 12_502_500


def test_a_formula_that_fails_with_a_budget_error_of_its_own_fails_alike_alone(here: World) -> None:
    formula = 'Repeat("x", 2000000)'
    company = replace(here.submit_many, submit=replace(here.submit, open=replace(here.submit.open, budget=LIGHT)))
    (answer,) = company(asked(formula))
    assert isinstance(answer, Heavy)
    assert here.submit(Submission(formula=formula)).state is JobState.FAILED


def test_the_same_key_sends_a_job_once(here: World) -> None:
    first, again = here.submit_many(asked("Probe::Add(1, 2)", "Probe::Add(1, 2)", idempotency_key="once"))
    assert isinstance(first, Job)
    assert isinstance(again, Job)
    assert first.id == again.id
    assert [message[0] for message in here.messages.waiting].count("step") == 1
    here.submit_many(asked("Probe::Add(1, 2)", idempotency_key="once"))
    assert [message[0] for message in here.messages.waiting].count("step") == 1


def test_none_is_kept_where_there_is_no_room(here: World) -> None:
    full = replace(here.submit_many, submit=replace(here.submit, pressure=Full()))
    with pytest.raises(Overloaded):
        full(asked("=1", idempotency_key="a"))
    assert here.submit(Submission(formula="=2", idempotency_key="a")).state is JobState.DONE


def test_more_than_there_may_be_are_refused(here: World) -> None:
    with pytest.raises(RequestError, match=f"{MOST} at most"):
        here.submit_many(asked(*["=1"] * (MOST + 1)))


def test_jobs_with_many_calls_take_several_transactions(here: World) -> None:
    counted = Counted(here.house.jobs)
    many = replace(here.submit_many, submit=replace(here.submit, jobs=counted))  # type: ignore[arg-type]
    wide = f"Sequence(1, {batch.WIDEST // 2}).FormulaMap(Probe::Add(CurrentValue, 1)).Count()"
    answers = many(asked(wide, "=1", wide, "=2", "=3"))
    assert counted.batches == [3, 2]
    assert [each.state for each in answers if isinstance(each, Job)] == ["running", "done", "running", "done", "done"]


def test_what_is_kept_and_not_sent_is_sent_later(here: World) -> None:
    away = replace(here.submit_many, submit=replace(here.submit, dispatcher=Away()))
    answers = away(asked("Probe::Add(1, 2)", "Probe::Add(2, 2)"))
    assert not here.messages.waiting
    here.house.wait(11)
    here.reconcile()
    here.settle()
    assert [value(here, each) for each in answers] == [3, 4]


def test_the_accounts_of_a_workspace_are_read_once(here: World) -> None:
    listed = Listed()
    compiling = replace(here.submit_many.submit.compile, connections=listed)  # type: ignore[type-var]
    many = replace(here.submit_many, compiling=compiling.together)
    answers = many(asked(*["GitHub::Repos([mine])"] * 5))
    assert all(isinstance(each, FormulaError) for each in answers)
    assert listed.asked == ["default"]


def test_the_next_are_made_ready_while_some_are_kept(here: World) -> None:
    noted: list[str] = []

    def opened(jobs: Sequence[tuple[Job, Node]]) -> Sequence[Opening | Heavy]:
        noted.append("made ready")
        return here.submit.open(jobs)

    submit = replace(here.submit, open=opened, jobs=Noted(here.house.jobs, noted))  # type: ignore[arg-type]
    answers = replace(here.submit_many, submit=submit)(asked(*["=1"] * (PART + 1)))
    assert noted == ["made ready", "begun", "made ready", "kept", "begun", "kept"]
    assert [value(here, each) for each in answers] == [1] * (PART + 1)


def test_what_is_kept_is_sent_where_the_next_cannot_be_made_ready(here: World) -> None:
    def compiled(submission: Submission) -> Compiled:
        if submission.formula == "=Away()":
            raise NotReady
        return here.submit.compile(submission)

    with pytest.raises(NotReady):
        replace(here.submit_many, compiling=lambda: compiled)(asked(*["Probe::Add(1, 2)"] * PART, "=Away()"))
    assert [message[0] for message in here.messages.waiting].count("step") == PART


class Full:
    def check(self) -> None:
        raise Overloaded("There is no room.")


class Away:
    joins = False

    def __getattr__(self, name: str) -> Any:
        raise NotReady


@dataclass
class Counted:
    jobs: Any
    batches: list[int] = field(default_factory=list)

    def keeping(self, starts: Any) -> Any:
        self.batches.append(len(starts))
        return self.jobs.keeping(starts)


@dataclass
class Noted:
    jobs: Any
    noted: list[str]

    def keeping(self, starts: Any) -> Any:
        end = self.jobs.keeping(starts)
        self.noted.append("begun")

        def ended() -> Any:
            self.noted.append("kept")
            return end()

        return ended


@dataclass
class Listed:
    asked: list[str] = field(default_factory=list)

    def list(self, *, workspace: str) -> Any:
        self.asked.append(workspace)
        return []
