"""Jobs over HTTP: submit, look, wait, cancel.

A formula that fails is an answer, not an error: its job is found with status 200, state ``failed`` and the error
as an object. Only a request that starts no job gets a problem document.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from anyio import to_thread
from fastapi import Header, Response
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from packsys.bootstrap import Services
from packsys.errors import IdempotencyMismatch
from packsys.model import Job, Progress, Scope, Submission
from packsys.runtime.report import report
from packsys.service.auth import Caller, Draining, House, keyed_router
from packsys.service.fields import (
    LONGEST_WAIT,
    IdempotencyKey,
    JobId,
    StepsQuery,
    WaitQuery,
)
from packsys.service.problems import declare
from packsys.service.terms import JobTerms, submission_of
from packsys.service.views import JobView
from packsys.service.waiting import settled

router = keyed_router(Scope.JOBS, tag="jobs")

LOCATION = {"Location": {"description": "The address of the job.", "required": True, "schema": {"type": "string"}}}


class JobRequest(JobTerms):
    """Is one formula to evaluate, the terms, and for how long to wait."""

    wait: float = Field(0, ge=0, le=LONGEST_WAIT, description="Seconds to wait for the value before answering.")


@router.post(
    "/jobs",
    status_code=202,
    response_model=JobView,
    response_description="The job is accepted and goes on; its address is in `Location`.",
    responses={
        200: {"model": JobView, "description": "The job has ended.", "headers": LOCATION},
        202: {"headers": LOCATION},
        **declare(409),
    },
)
async def submit_job(
    *,
    asked: JobRequest,
    house: House,
    key: Caller,
    draining: Draining,
    response: Response,
    idempotency_key: Annotated[IdempotencyKey | SkipJsonSchema[None], Header(alias="Idempotency-Key")] = None,
) -> Any:
    """Accepts a formula, and waits up to `wait` seconds for its value.

    Send an idempotency key, in the header or the body, and repeat the request as often as you need: it is one
    job. The same key with another request is refused.
    """
    submission = submission_of(asked, key, one_of(idempotency_key, asked.idempotency_key))
    job, at_once = await to_thread.run_sync(_submitted, house, submission)
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    if at_once:
        response.status_code = 200
        return at_once
    read = partial(house.jobs.get, job.id, workspace=key.workspace)
    job = await settled(job, read=read, feed=house.feed, seconds=asked.wait, draining=draining)
    response.status_code = 200 if job.state.final else 202
    return await reported(job, house)


@router.get("/jobs/{job_id}", response_model=JobView, responses=declare(404))
async def read_job(
    *, job_id: JobId, house: House, key: Caller, draining: Draining, wait: WaitQuery = 0, steps: StepsQuery = True
) -> Any:
    """Gives a job with its progress and its steps, at once or as soon as it has ended."""
    read = partial(house.jobs.get, str(job_id), workspace=key.workspace)
    job = await to_thread.run_sync(read)
    job = await settled(job, read=read, feed=house.feed, seconds=wait, draining=draining)
    return await reported(job, house, steps=steps)


@router.delete("/jobs/{job_id}", response_model=JobView, responses=declare(404))
async def cancel_job(job_id: JobId, house: House, key: Caller) -> Any:
    """Ends a job; one that has ended stays as it is, so that repeating this is harmless."""
    return await reported(await to_thread.run_sync(house.cancel, str(job_id), key.workspace), house)


def one_of(header: str | None, field: str | None) -> str | None:
    """Takes the idempotency key from where it is; raises IdempotencyMismatch when there are two."""
    if header and field and header != field:
        raise IdempotencyMismatch("The header and the body carry different idempotency keys: send one.")
    return header or field


async def reported(job: Job, house: House, *, steps: bool = True) -> dict[str, Any]:
    """Gives a job with its progress as JSON, and with its steps if they are wanted."""
    return await to_thread.run_sync(_report, job, house, steps)


def _submitted(house: Services, submission: Submission) -> tuple[Job, dict[str, Any] | None]:
    """Gives the job, and what is told of it where it has ended already: on one way to another thread."""
    job = house.submit(submission)
    return job, _report(job, house, True) if job.state.final else None


def _report(job: Job, house: Services, wanted: bool) -> dict[str, Any]:
    steps = house.steps.of(job.id) if wanted else ()
    counted = Progress.counted(steps) if wanted else None
    return report(job, steps, progress=counted or house.progress.of(job.id))
