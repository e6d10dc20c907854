"""Rings the bell for services that speak Celery instead of HTTP.

Who may write to the broker may submit for any workspace: the broker's access rules are the guard.
"""

from __future__ import annotations

from typing import Any

from celery import Task

from packsys.dispatch.app import CANCEL, GET, SUBMIT
from packsys.errors import PacksysError
from packsys.runtime.report import refusal, report
from packsys.runtime.submit import submission
from workers.app import app


@app.task(name=SUBMIT, bind=True, ignore_result=False)
def submit(self: Task, formula: str, variables: dict[str, Any] | None = None, **terms: Any) -> dict[str, Any]:
    """Accepts a formula and gives the job, or ``state: refused`` and the error.

    ``terms`` are ``idempotency_key``, ``workspace``, ``timeout``, ``timezone``, ``locale``, ``priority``, ``actions``,
    ``callback`` and ``asked_by``, as in a Submission. The task's id is the idempotency key when none is given, so that
    a message which is delivered twice makes one job.
    """
    try:
        asked = submission(formula, variables or {}, {"idempotency_key": self.request.id, **terms})
        return report(app.services.submit(asked))
    except PacksysError as error:
        return refusal(error)


@app.task(name=GET, ignore_result=False)
def get(job: str, workspace: str = "default") -> dict[str, Any]:
    """Gives a job as it stands now, with its steps."""
    try:
        found = app.services.jobs.get(job, workspace=workspace)
        return report(found, app.services.steps.of(job), progress=app.services.progress.of(job))
    except PacksysError as error:
        return refusal(error)


@app.task(name=CANCEL, ignore_result=False)
def cancel(job: str, workspace: str = "default") -> dict[str, Any]:
    """Cancels a job and gives it as it stands then."""
    try:
        return report(app.services.cancel(job, workspace))
    except PacksysError as error:
        return refusal(error)
