"""Shows a job to other programs as plain JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from packsys.errors import FormulaError, PacksysError
from packsys.model import Job, Progress, Step
from packsys.taxonomy import recovery
from packsys.values import ErrorValue, plain


def report(job: Job, steps: Sequence[Step] = (), *, progress: Progress | None = None) -> dict[str, Any]:
    """Gives a job: state, value or error, times, progress where it is known, and its steps as they were asked for."""
    return {
        "id": job.id,
        "state": job.state.value,
        "formula": job.formula,
        "locale": job.locale,
        "priority": job.priority.value,
        "value": plain(job.value),
        "error": error(job.error) if job.error else None,
        "accepted_at": _time(job.accepted_at),
        "started_at": _time(job.started_at),
        "finished_at": _time(job.finished_at),
        "seconds": _seconds(job.accepted_at, job.finished_at),
        "deadline": _time(job.deadline),
        "progress": progress_report(progress) if progress is not None else None,
        "steps": [step_report(step) for step in steps],
    }


def progress_report(progress: Progress) -> dict[str, Any]:
    """Gives the number of steps by state, and why those wait that do."""
    counts = ("total", "queued", "running", "waiting", "done", "failed", "cached", "waves")
    waits = [{"cause": each.cause, "steps": each.steps, "seconds": each.seconds} for each in progress.waits]
    return {**{name: getattr(progress, name) for name in counts}, "waits": waits}


def step_report(step: Step) -> dict[str, Any]:
    """Gives a step: its call, state, attempts and times. Values of steps stay in the house."""
    return {
        "number": step.number,
        "wave": step.wave,
        "call": step.invocation.name,
        "key": step.key,
        "state": step.state.value,
        "attempt": step.attempt,
        "cached": step.cached,
        "error": error(step.outcome) if isinstance(step.outcome, ErrorValue) else None,
        "queued_at": _time(step.queued_at),
        "started_at": _time(step.started_at),
        "finished_at": _time(step.finished_at),
        "seconds": _seconds(step.started_at, step.finished_at),
    }


def error(value: ErrorValue) -> dict[str, Any]:
    """Gives an error value: code, message, who must act, and where it comes from."""
    return {
        "code": value.code,
        "message": value.message,
        "advice": value.advice,
        "category": value.category.value,
        "actor": value.actor.value,
        "retryable": value.retryable,
        "retry_after": value.retry_after,
        "call": value.origin.call if value.origin else None,
        "start": value.origin.start if value.origin else None,
        "end": value.origin.end if value.origin else None,
    }


def refusal(refused: PacksysError) -> dict[str, Any]:
    """Gives the answer to a request that was not accepted."""
    code = refused.kind if isinstance(refused, FormulaError) else refused.code
    return {
        "id": None,
        "state": "refused",
        "error": {
            "code": code,
            "message": refused.render() if isinstance(refused, FormulaError) else refused.message,
            "advice": recovery(code).advice,
            "category": recovery(code).category.value,
            "actor": refused.actor.value,
            "retryable": refused.retryable,
            "retry_after": refused.retry_after,
        },
    }


@lru_cache(maxsize=64)  # most of a job's times are one moment
def _time(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return (end - start).total_seconds() if start and end else None
