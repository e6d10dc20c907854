"""Formulas over HTTP: what one would do, without doing it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from packsys.model import Scope, Submission
from packsys.runtime.preview import Preview
from packsys.service.auth import Caller, House, keyed_router
from packsys.service.fields import STRICT, Actions, Formula, TimeZone, Variables
from packsys.service.problems import declare
from packsys.values import from_plain

router: APIRouter = keyed_router(Scope.JOBS, tag="formulas")


class PlanRequest(BaseModel):
    """Is one formula to look at."""

    model_config = STRICT

    formula: Formula
    variables: Variables = Field(default_factory=dict)
    timezone: TimeZone = "UTC"
    actions: Actions = False


class PlannedStepView(BaseModel):
    """Is one call that a formula would make, at `start` to `end` (code points) of it.

    It comes after the steps in `depends_on`; a guarded step is made only if it is needed, one that fans out once for
    each item of a list.
    """

    id: str = Field(examples=["s1"])
    call: str = Field(examples=["GitHub::Repos"])
    pack_id: int
    account: str | None
    depends_on: list[str]
    guarded: bool
    fans_out: bool
    action: bool
    start: int
    end: int


class PlanView(BaseModel):
    """Is a formula's tree, its calls, and the waves in which they would be sent."""

    tree: dict[str, Any]
    steps: list[PlannedStepView]
    waves: list[list[str]]
    warnings: list[str]


@router.post("/formulas/plan", responses=declare(409))
def plan_formula(asked: PlanRequest, house: House, key: Caller) -> PlanView:
    """Parses, binds and plans a formula; nothing is kept and nothing is called."""
    submission = Submission(
        formula=asked.formula,
        variables={name: from_plain(value) for name, value in asked.variables.items()},
        workspace=key.workspace,
        asked_by=key.id,
        timezone=asked.timezone,
        actions=asked.actions,
    )
    return view(house.preview(submission))


def view(preview: Preview) -> PlanView:
    """Shows a preview to clients."""
    plan = preview.plan
    return PlanView(
        tree=dict(preview.tree),
        steps=[PlannedStepView.model_validate(step, from_attributes=True) for step in plan.steps],
        waves=[list(wave) for wave in plan.waves],
        warnings=list(preview.warnings),
    )
