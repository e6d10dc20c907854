"""Describes what leaves the house as JSON, so that OpenAPI can tell; the shapes are made by ``runtime.report``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from packsys.errors import Actor
from packsys.model import JobState, Priority, StepState
from packsys.taxonomy import Category


class ErrorView(BaseModel):
    """Is a failure inside a formula: what happened, who must act, and the call and place it comes from."""

    code: str = Field(examples=["RateLimited"])
    message: str
    advice: str = Field(default="", description="What helps, for the one who must act.")
    category: Category = Field(default=Category.HOUSE, description="The kind of trouble.")
    actor: Actor
    retryable: bool
    retry_after: float | None = None
    call: str | None = Field(default=None, examples=["GitHub::Repos"])
    start: int | None = Field(default=None, description="Code point in the formula where the call begins.")
    end: int | None = None


class StepView(BaseModel):
    """Is one pack call of a job. ``seconds`` is how long the last attempt ran."""

    number: int
    wave: int
    call: str = Field(examples=["GitHub::Repos"])
    key: str = Field(description="Names the step within its job; events refer to it.")
    state: StepState
    attempt: int
    cached: bool
    error: ErrorView | None
    queued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None


class WaitView(BaseModel):
    """Is why some steps wait; the next of them is due in `seconds`."""

    cause: str = Field(examples=["rate_limit"])
    steps: int
    seconds: float


class ProgressView(BaseModel):
    """Is how far a job is: the number of its steps by state. More may follow from what the known ones give.

    ``cached`` counts the done ones whose value was there already, ``waves`` how often calls were sent together.
    """

    total: int
    queued: int
    running: int
    waiting: int
    done: int
    failed: int
    cached: int
    waves: int
    waits: list[WaitView]


class JobView(BaseModel):
    """Is one evaluation of one formula. ``value`` counts when the state is done, ``error`` when it is failed.

    ``seconds`` is the time from acceptance to the end.
    """

    id: str
    state: JobState
    formula: str
    locale: str
    priority: Priority
    value: Any
    error: ErrorView | None
    accepted_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None
    deadline: datetime
    progress: ProgressView
    steps: list[StepView]


class EventView(BaseModel):
    """Is one transition of a job or of one of its steps; ``number`` counts from 1 without gaps."""

    job: str
    number: int
    at: datetime
    kind: str
    step: str | None
    detail: dict[str, Any]


class Span(BaseModel):
    """Is a half-open range of offsets."""

    start: int
    end: int


class Place(BaseModel):
    """Says where a formula is wrong, and what would have been right.

    ``start`` and ``end`` count code points, ``utf16`` the code units that JavaScript and Java count.
    """

    kind: str = Field(examples=["UnknownFormula"])
    line: int
    column: int
    start: int
    end: int
    utf16: Span
    expected: list[str]
    found: str
    suggestions: list[str]
    fix: str | None = None
    drawing: str = Field(description="The message, the line, and a caret under the place, as plain text.")


class Mistake(BaseModel):
    """Names one field that is wrong; ``pointer`` is a JSON Pointer (RFC 6901) into the part called ``where``."""

    where: str = Field(examples=["body"])
    pointer: str = Field(examples=["/wait"])
    detail: str


class Problem(BaseModel):
    """Is the body of every answer whose status is 400 or higher (RFC 9457)."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: str = Field(examples=["urn:packsys:problem:NotFound"])
    title: str = Field(description="What kind of problem this is; the same for every problem of this type.")
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="What is wrong here, and what to do.")
    code: str = Field(description="The last part of the type: stable, fit for a switch.")
    advice: str = Field(default="", description="What helps, for the one who must act.")
    category: Category = Field(default=Category.HOUSE, description="The kind of trouble.")
    actor: Actor = Field(description="Who can mend it.")
    request_id: str
    retryable: bool = Field(default=False, description="Whether the same request may work later.")
    retry_after: float | None = Field(default=None, description="Seconds after which the same request may work.")
    formula: Place | None = None
    errors: list[Mistake] | None = None
    checks: dict[str, str] | None = None


class BriefJobView(BaseModel):
    """Is a job as it was accepted with others: without its formula, progress and steps."""

    id: str
    state: JobState
    locale: str
    priority: Priority
    value: Any
    error: ErrorView | None
    accepted_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None
    deadline: datetime


class BatchItemView(BaseModel):
    """Is what became of one formula of several: `job` where it was accepted, `problem` where it was not."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    status: int = Field(description="What the formula would have been answered with alone.", examples=[202])
    job: BriefJobView | None = None
    problem: Problem | None = None


class BatchView(BaseModel):
    """Is what became of several formulas, in their order."""

    jobs: list[BatchItemView]
