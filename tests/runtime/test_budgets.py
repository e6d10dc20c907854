"""Each budget that a job may use up is an error value that names the number."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import pytest

from packsys.model import Priority, Route, Submission
from packsys.planner.rounds import Finished
from packsys.runtime.advance import MOST_BYTES, decide
from packsys.sdk import Context, Pack
from packsys.turns import Standing
from packsys.values import ErrorValue
from tests.runtime.world import world

bulk = Pack(id=9311, name="Bulk", version="1.0.0", description="Gives much.")


@bulk.formula(connection="none")
def text(context: Context, n: Annotated[float, "Any number."]) -> str:
    """Gives a long text."""
    return "a" * 990_000


CHAIN = "".join("Probe::Add(" for _ in range(60)) + "0" + "".join(", 1)" for _ in range(60))

FORMULAS = {
    "rounds": (CHAIN, "50"),
    "width": ("Sequence(1, 5001).FormulaMap(Probe::Echo(CurrentValue))", "5,000"),
    "steps": ("Sequence(1, 4000).FormulaMap(Sequence(1, 4000).Sum()).Sum()", "2,000,000"),
    "text": ('Repeat("ab", 500001)', "1,000,000"),
}


@pytest.mark.parametrize(
    "budget", [pytest.param(each, marks=[pytest.mark.slow] * (each == "steps")) for each in FORMULAS]
)
def test_a_formula_that_needs_more_fails_and_is_told_how_much_there_is(budget: str) -> None:
    formula, number = FORMULAS[budget]
    job = world().run(formula)
    assert job.error is not None
    assert (job.error.code, number in job.error.message) == ("Budget", True)


@pytest.mark.parametrize("joins", [False, True], ids=["quick", "canvas"])
def test_results_are_weighed_whoever_moves_the_job_on(joins: bool) -> None:
    """Seventy results of nearly a million characters are too many together."""
    formula = "Sequence(1, 70).FormulaMap(Bulk::Text(CurrentValue).Length()).Sum() + Probe::Echo(1)"
    job = world(bulk, joins=joins).run(formula)
    assert job.error is not None
    assert (job.error.code, str(MOST_BYTES) in job.error.message) == ("Budget", True)


@pytest.mark.slow
def test_of_more_than_ten_thousand_calls_none_is_made() -> None:
    here = world()
    hundred = "Sequence(1, 100).FormulaMap(Probe::Add(i * 1000, CurrentValue))"
    job = here.submit(Submission(formula=f"Sequence(1, 101).FormulaMap(CurrentValue.WithName(i, {hundred}))"))
    assert job.error is not None
    assert (job.error.code, "10,000" in job.error.message) == ("Budget", True)
    assert (here.house.steps.of(job.id), len(here.messages.waiting)) == ((), 0)


def test_results_that_are_too_large_end_the_job() -> None:
    here = world()
    job = here.submit(Submission(formula="Probe::Echo(1) + 1"))
    standing = Standing(
        job=job.id,
        tree=job.tree,
        variables={},
        asked_at=datetime.now(UTC),
        timezone="UTC",
        locale="en",
        route=Route("default", Priority.INTERACTIVE),
        waves=1,
        open=0,
        bytes=MOST_BYTES + 1,
        outcomes={},
    )
    found = decide(standing)
    assert isinstance(found, Finished)
    assert isinstance(found.value, ErrorValue)
    assert (found.value.code, str(MOST_BYTES) in found.value.message) == ("Budget", True)
    assert not isinstance(decide(replace(standing, bytes=MOST_BYTES)), Finished)


def test_a_deadline_that_has_passed_is_told_with_its_seconds() -> None:
    here = world()
    job = here.submit(Submission(formula="Probe::Echo(1)", timeout=7))
    here.house.wait(8)
    here.reconcile()
    error = here.house.jobs.get(job.id).error
    assert error is not None
    assert (error.code, "7" in error.message) == ("DeadlineExceeded", True)
