"""Rings the bell for services that speak Celery instead of HTTP.

Who may write to the broker may submit for any workspace: the broker's access rules are the guard.
"""

from __future__ import annotations

from typing import Any

from celery import Task

from packsys.dispatch.app import CANCEL, GET, SUBMIT
from packsys.errors import PacksysError
from packsys.model import Submission
from packsys.runtime.report import refusal, report
from packsys.values import from_plain
from workers.app import app


@app.task(name=SUBMIT, bind=True, ignore_result=False)
def submit(self: Task, formula: str, variables: dict[str, Any] | None = None, **terms: Any) -> dict[str, Any]:
    """Accepts a formula and gives the job, or ``state: refused`` and the error.

    ``terms`` are the other fields of a Submission. The task's id is the idempotency key when none is given, so
    a message that is delivered twice makes one job.
    """
    terms.setdefault("idempotency_key", self.request.id)
    try:
        names = {name: from_plain(value) for name, value in (variables or {}).items()}
        return report(app.services.submit(Submission(formula=formula, variables=names, **terms)))
    except PacksysError as error:
        return refusal(error)


@app.task(name=GET, ignore_result=False)
def get(job: str, workspace: str = "default") -> dict[str, Any]:
    """Gives a job as it stands now, with its steps."""
    try:
        found = app.services.jobs.get(job, workspace=workspace)
        return report(found, app.services.steps.of(job))
    except PacksysError as error:
        return refusal(error)


@app.task(name=CANCEL, ignore_result=False)
def cancel(job: str, workspace: str = "default") -> dict[str, Any]:
    """Cancels a job and gives it as it stands then."""
    try:
        return report(app.services.cancel(job, workspace))
    except PacksysError as error:
        return refusal(error)
