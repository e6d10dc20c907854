"""What goes into the statement that accepts many jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from packsys.language.codec import invocation_to_json
from packsys.model import Step
from packsys.store.statements import statements
from packsys.store.types import array, dump
from packsys.store.writing import code_of, end_of, texts, value_text
from packsys.turns import Opening, Start

BATCH = statements(Path(__file__).with_name("batch.sql"))


def in_order(starts: Sequence[Start]) -> Sequence[Start]:
    """Sorts jobs by workspace and key, so that two who accept the same at once wait for each other in turn."""
    return sorted(starts, key=lambda each: (each.job.workspace, each.idempotency_key or ""))


def batch_terms(starts: Sequence[Start]) -> dict[str, Any]:
    """Writes jobs and the steps that they begin with as columns."""
    jobs = {name: array([write(each) for each in starts]) for name, write in _JOB.items()}
    begun = [(step, each.opening) for each in starts for step in each.steps]
    return {**jobs, **{name: array([write(*each) for each in begun]) for name, write in _STEP.items()}}


def _outcome(start: Start) -> str | None:
    return value_text(start.opening.outcome[0]) if start.opening.outcome else None


def _value(step: Step, opening: Opening) -> str | None:
    return value_text(opening.answered[step.number - 1][1]) if step.number <= len(opening.answered) else None


_JOB: dict[str, Callable[[Start], object]] = {
    "ids": lambda start: texts(start.job.id),
    "workspaces": lambda start: texts(start.job.workspace),
    "idempotency_keys": lambda start: texts(start.idempotency_key),
    "fingerprints": lambda start: texts(start.fingerprint),
    "formulas": lambda start: texts(start.job.formula),
    "trees": lambda start: texts(start.job.tree),
    "variables": lambda start: value_text(start.job.variables),
    "askers": lambda start: texts(start.job.asked_by),
    "timezones": lambda start: texts(start.job.timezone),
    "locales": lambda start: texts(start.job.locale),
    "priorities": lambda start: start.job.priority,
    "callbacks": lambda start: texts(start.job.callback),
    "asked_at": lambda start: start.job.asked_at.isoformat() if start.job.asked_at else None,
    "seconds": lambda start: (start.job.deadline - start.job.accepted_at).total_seconds(),
    "known": lambda start: len(start.opening.answered),
    "sent": lambda start: len(start.opening.wave),
    "look_at": lambda start: start.opening.look_at if start.opening.wave else 0,
    "states": lambda start: end_of(start.opening.outcome[0]) if start.opening.outcome else None,
    "outcomes": _outcome,
    "codes": lambda start: texts(code_of(start.opening.outcome[0])) if start.opening.outcome else None,
}

_STEP: dict[str, Callable[[Step, Opening], object]] = {
    "jobs": lambda step, opening: texts(step.job),
    "keys": lambda step, opening: texts(step.key),
    "numbers": lambda step, opening: step.number,
    "waves": lambda step, opening: step.wave,
    "invocations": lambda step, opening: dump(invocation_to_json(step.invocation)),
    "calls": lambda step, opening: texts(step.invocation.name),
    "actions": lambda step, opening: step.invocation.action,
    "values": _value,
}
