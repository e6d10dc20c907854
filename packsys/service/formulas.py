"""Formulas over HTTP: what one would do, without doing it, and what an editor shows while one is typed."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from packsys.language.editor import Assistance, SignatureHelp
from packsys.model import Scope, Submission
from packsys.runtime.preview import Preview
from packsys.service.auth import Caller, House, keyed_router
from packsys.service.fields import STRICT, Actions, Formula, Locale, TimeZone, Variables, Whole
from packsys.service.problems import declare
from packsys.values import from_plain, plain

router: APIRouter = keyed_router(Scope.JOBS, tag="formulas")


class PlanRequest(BaseModel):
    """Is one formula to look at."""

    model_config = STRICT

    formula: Formula
    variables: Variables = Field(default_factory=dict)
    timezone: TimeZone = "UTC"
    locale: Locale = "en"
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
        locale=asked.locale,
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


class EditorRequest(BaseModel):
    """Is a formula as far as it is typed, and the place in it that is asked about."""

    model_config = STRICT

    formula: Formula
    position: Whole = Field(ge=0, description="Code points before the cursor; one beyond the end is the end.")
    variables: Variables = Field(default_factory=dict)
    actions: Actions = False
    most: Whole = Field(default=50, ge=0, le=1000, description="How many completions are listed at most.")


class CompletionView(BaseModel):
    """Is one thing to choose: `insert` takes the place of the code points from `start` to the cursor."""

    label: str = Field(examples=["Repos"])
    kind: Literal["function", "pack", "formula", "column", "variable", "connection", "property", "table"]
    insert: str = Field(examples=["Repos("])
    start: int
    detail: str = Field(description="How it is called, or what kind of value it is.")
    documentation: str


class HoverView(BaseModel):
    """Is what is said about the name from `start` to `end`."""

    title: str
    text: str
    start: int
    end: int


class ParameterView(BaseModel):
    """Is one parameter of a function or of a pack's formula; those that repeat come last, in sets."""

    name: str
    kind: str = Field(examples=["text"])
    required: bool
    repeats: bool
    default: Any
    description: str


class SignatureView(BaseModel):
    """Is how the call is called that the cursor is in; `active` is the place of the parameter that is being given."""

    usage: str = Field(examples=["Round(number, [places])"])
    text: str
    parameters: list[ParameterView]
    active: int | None


class DiagnosticView(BaseModel):
    """Is one thing to mark, from `start` to `end`; `fix` is a formula to write instead of what is marked."""

    severity: Literal["error", "warning"]
    kind: str = Field(examples=["UnknownFormula"])
    message: str
    start: int
    end: int
    suggestions: list[str]
    fix: str | None


class EditorView(BaseModel):
    """Is what an editor shows: all offsets are code points.

    Of the errors, up to five are listed, or else what the author should know.
    """

    completions: list[CompletionView]
    more: bool = Field(description="Whether there are more completions than are listed.")
    hover: HoverView | None
    signature: SignatureView | None
    diagnostics: list[DiagnosticView]


@router.post("/formulas/editor")
def assist_author(asked: EditorRequest, house: House, key: Caller) -> EditorView:
    """Tells an editor what can stand at a place, what is said about it, the call around it, and what is wrong.

    A wrong formula is answered like any other: its errors are among the diagnostics.
    """
    submission = Submission(
        formula=asked.formula,
        variables={name: from_plain(value) for name, value in asked.variables.items()},
        workspace=key.workspace,
        asked_by=key.id,
        actions=asked.actions,
    )
    return assistance_view(house.assist(submission, asked.position), most=asked.most)


def assistance_view(found: Assistance, *, most: int) -> EditorView:
    """Shows to clients what was found."""
    return EditorView(
        completions=[CompletionView.model_validate(each, from_attributes=True) for each in found.completions[:most]],
        more=len(found.completions) > most,
        hover=HoverView.model_validate(found.hover, from_attributes=True) if found.hover else None,
        signature=signature_view(found.signature) if found.signature else None,
        diagnostics=[DiagnosticView.model_validate(each, from_attributes=True) for each in found.diagnostics],
    )


def signature_view(found: SignatureHelp) -> SignatureView:
    """Shows to clients how a call is called."""
    parameters = [
        ParameterView(
            name=each.name,
            kind=each.shape.kind.value,
            required=each.required,
            repeats=each.variadic,
            default=plain(each.default),
            description=each.description,
        )
        for each in found.parameters
    ]
    return SignatureView(usage=found.usage, text=found.text, parameters=parameters, active=found.active)
