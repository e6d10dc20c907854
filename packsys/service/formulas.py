"""Formulas over HTTP: what one would do, without doing it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from packsys.model import Submission
from packsys.runtime.preview import Preview
from packsys.service.auth import Caller, House, keyed_router
from packsys.service.fields import STRICT, Actions, Formula, TimeZone, Variables
from packsys.service.problems import declare
from packsys.values import from_plain

router: APIRouter = keyed_router(tag="formulas")


class PlanRequest(BaseModel):
    """Is one formula to look at."""

    model_config = STRICT

    formula: Formula
    variables: Variables = Field(default_factory=dict)
    timezone: TimeZone = "UTC"
    actions: Actions = False


class PlannedStep(BaseModel):
    """Is one call that a formula would make: after which others, only if needed, or once for each item."""

    id: str
    call: str = Field(examples=["GitHub::Repos"])
    depends_on: list[str]
    guarded: bool
    fans_out: bool


class PlanView(BaseModel):
    """Is a formula's tree, its calls, and the waves in which they would be sent."""

    tree: dict[str, Any]
    steps: list[PlannedStep]
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
    steps = [
        PlannedStep(
            id=step.id,
            call=step.call,
            depends_on=list(step.depends_on),
            guarded=step.guarded,
            fans_out=step.fans_out,
        )
        for step in preview.plan.steps
    ]
    return PlanView(
        tree=dict(preview.tree),
        steps=steps,
        waves=[list(wave) for wave in preview.plan.waves],
        warnings=list(preview.warnings),
    )
