"""What goes into the statement that accepts many jobs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from packsys.language.codec import invocation_to_json
from packsys.model import Job, Step
from packsys.store.statements import statements
from packsys.store.types import Texts, array, dump, long_array, text_array
from packsys.store.writing import code_of, end_of, texts, value_text
from packsys.turns import Opening, Start

BATCH = statements(Path(__file__).with_name("batch.sql"))


def in_order(starts: Sequence[Start]) -> Sequence[Start]:
    """Sorts jobs by workspace and key, so that two who accept the same at once wait for each other in turn."""
    return sorted(starts, key=lambda each: (each.job.workspace, each.idempotency_key or ""))


def batch_terms(starts: Sequence[Start]) -> dict[str, Any]:
    """Writes jobs and the steps that they begin with as columns."""
    begun = [step for start in starts for step in start.steps]
    places = [place for place, start in enumerate(starts, start=1) for _ in start.steps]
    values = [value for start in starts for value in _values(start)]
    return {
        **_job_terms([start.job for start in starts]),
        **_opening_terms([start.opening for start in starts]),
        "idempotency_keys": text_array([start.idempotency_key for start in starts]),
        "fingerprints": text_array([start.fingerprint for start in starts]),
        "places": array(places),
        **_step_terms(begun),
        "values": long_array(values),
    }


def _job_terms(jobs: Sequence[Job]) -> dict[str, str | Texts]:
    return {
        "ids": text_array([job.id for job in jobs]),
        "workspaces": text_array([job.workspace for job in jobs]),
        "formulas": long_array([texts(job.formula) for job in jobs]),
        "trees": long_array([texts(job.tree) for job in jobs]),
        "variables": long_array([value_text(job.variables) for job in jobs]),
        "askers": text_array([job.asked_by for job in jobs]),
        "timezones": text_array([job.timezone for job in jobs]),
        "locales": text_array([job.locale for job in jobs]),
        "priorities": array([job.priority for job in jobs]),
        "callbacks": text_array([job.callback for job in jobs]),
        "asked_at": array([job.asked_at and job.asked_at.isoformat() for job in jobs]),
        "seconds": array([(job.deadline - job.accepted_at).total_seconds() for job in jobs]),
    }


def _opening_terms(openings: Sequence[Opening]) -> dict[str, str | Texts]:
    ends = [opening.outcome for opening in openings]
    return {
        "known": array([len(opening.answered) for opening in openings]),
        "sent": array([len(opening.wave) for opening in openings]),
        "look_at": array([opening.look_at if opening.wave else 0 for opening in openings]),
        "states": array([end and end_of(end[0]) for end in ends]),
        "outcomes": long_array([end and value_text(end[0]) for end in ends]),
        "codes": text_array([end and code_of(end[0]) for end in ends]),
    }


def _step_terms(steps: Sequence[Step]) -> dict[str, str | Texts]:
    calls = [step.invocation for step in steps]
    return {
        "keys": text_array([step.key for step in steps]),
        "numbers": array([step.number for step in steps]),
        "waves": array([step.wave for step in steps]),
        "invocations": long_array([invocation_to_json(call, dump) for call in calls]),
        "calls": text_array([call.name for call in calls]),
        "actions": array([call.action for call in calls]),
    }


def _values(start: Start) -> Sequence[str | None]:
    return [*(value_text(value) for _, value in start.opening.answered), *[None] * len(start.opening.wave)]
