"""Jobs over HTTP: submit, look, wait, cancel.

A formula that fails is an answer, not an error: its job is found with status 200, state ``failed`` and the error
as an object. Only a request that starts no job gets a problem document.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Annotated, Any

from anyio import to_thread
from fastapi import Header, Response
from pydantic import Field, TypeAdapter
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import to_json

from packsys.bootstrap import Services
from packsys.errors import IdempotencyMismatch
from packsys.model import Job, Progress, Scope, Step
from packsys.runtime.report import report
from packsys.service.accepting import Accepting, accepting
from packsys.service.auth import Caller, Draining, House, KeyedRoute, keyed_router
from packsys.service.fields import (
    LONGEST_WAIT,
    IdempotencyKey,
    JobId,
    StepsQuery,
    WaitQuery,
)
from packsys.service.intake import JSON, StrictRequest, header
from packsys.service.problems import declare
from packsys.service.terms import JobTerms, submission_of
from packsys.service.views import JobView
from packsys.service.waiting import settled
from packsys.values import Value

router = keyed_router(Scope.JOBS, tag="jobs")

LOCATION = {"Location": {"description": "The address of the job.", "required": True, "schema": {"type": "string"}}}


FEW, SHORT = 16, 10_000
"""Steps, and characters of a value, that are written to an answer without leaving the loop."""

_KEY: TypeAdapter[str] = TypeAdapter(IdempotencyKey)


class JobRequest(JobTerms):
    """Is one formula to evaluate, the terms, and for how long to wait."""

    wait: float = Field(0, ge=0, le=LONGEST_WAIT, description="Seconds to wait for the value before answering.")


async def submit_job(
    *,
    asked: JobRequest,
    house: House,
    key: Caller,
    draining: Draining,
    accept: Accepting,
    idempotency_key: Annotated[IdempotencyKey | SkipJsonSchema[None], Header(alias="Idempotency-Key")] = None,
) -> Response:
    """Accepts a formula, and waits up to `wait` seconds for its value.

    Send an idempotency key, in the header or the body, and repeat the request as often as you need: it is one
    job. The same key with another request is refused.
    """
    job = await accept(submission_of(asked, key, one_of(idempotency_key, asked.idempotency_key)))
    read = partial(house.jobs.get, job.id, workspace=key.workspace)
    job = await settled(job, read=read, feed=house.feed, seconds=asked.wait, draining=draining)
    return Response(
        await told(job, house),
        status_code=200 if job.state.final else 202,
        media_type=JSON.media_type,
        headers={"Location": f"/v1/jobs/{job.id}"},
    )


class SubmitRoute(KeyedRoute):
    """Is the route of the most frequent request: what FastAPI does between a request and its endpoint is written out.

    What it does for any endpoint takes longer than all that is done for a formula. It still describes the route.
    """

    def handler(self) -> Callable[[StrictRequest], Coroutine[Any, Any, Response]]:
        """Gives what calls the endpoint."""
        return _submit


async def _submit(request: StrictRequest) -> Response:
    state = request.app.state
    return await submit_job(
        asked=await request.read(JobRequest),
        house=state.services,
        key=request.state.key,
        draining=state.draining,
        accept=await accepting(request),
        idempotency_key=header(request, "Idempotency-Key", _KEY),
    )


router.add_api_route(
    "/jobs",
    submit_job,
    methods=["POST"],
    status_code=202,
    response_model=JobView,
    response_description="The job is accepted and goes on; its address is in `Location`.",
    responses={
        200: {"model": JobView, "description": "The job has ended.", "headers": LOCATION},
        202: {"headers": LOCATION},
        **declare(409),
    },
    route_class_override=SubmitRoute,
)

(SUBMIT,) = (route for route in router.routes if isinstance(route, SubmitRoute))
"""The route that was just added."""


@router.get("/jobs/{job_id}", response_model=JobView, responses=declare(404))
async def read_job(
    *, job_id: JobId, house: House, key: Caller, draining: Draining, wait: WaitQuery = 0, steps: StepsQuery = True
) -> Response:
    """Gives a job with its progress and its steps, at once or as soon as it has ended."""
    read = partial(house.jobs.get, str(job_id), workspace=key.workspace)
    job = await to_thread.run_sync(read)
    job = await settled(job, read=read, feed=house.feed, seconds=wait, draining=draining)
    return Response(await told(job, house, steps=steps), media_type=JSON.media_type)


@router.delete("/jobs/{job_id}", response_model=JobView, responses=declare(404))
async def cancel_job(job_id: JobId, house: House, key: Caller) -> Response:
    """Ends a job; one that has ended stays as it is, so that repeating this is harmless."""
    job = await to_thread.run_sync(house.cancel, str(job_id), key.workspace)
    return Response(await told(job, house), media_type=JSON.media_type)


def one_of(header: str | None, field: str | None) -> str | None:
    """Takes the idempotency key from where it is; raises IdempotencyMismatch when there are two."""
    if header and field and header != field:
        raise IdempotencyMismatch("The header and the body carry different idempotency keys: send one.")
    return header or field


async def told(job: Job, house: House, *, steps: bool = True) -> bytes:
    """Writes a job with its progress, and with its steps if they are wanted."""
    if steps and job.steps is not None and _is_brief(job.value, job.steps):
        return _written(job, job.steps, Progress.counted(job.steps))
    return await to_thread.run_sync(_told, job, house, steps)


def _is_brief(value: Value, steps: Sequence[Step]) -> bool:
    """Tells whether a job is written so quickly that nobody notices: all others are written in another thread."""
    return (
        len(steps) <= FEW and not isinstance(value, list | dict) and not (isinstance(value, str) and len(value) > SHORT)
    )


def _told(job: Job, house: Services, wanted: bool) -> bytes:
    steps = (house.steps.of(job.id) if job.steps is None else job.steps) if wanted else ()
    counted = Progress.counted(steps) if wanted else None
    return _written(job, steps, counted or house.progress.of(job.id))


def _written(job: Job, steps: Sequence[Step], progress: Progress | None) -> bytes:
    return to_json(report(job, steps, progress=progress), inf_nan_mode="null")
