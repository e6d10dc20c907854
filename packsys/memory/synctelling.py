"""What the triggers of PostgreSQL write down when a run has changed, for its twin."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from packsys.memory.ledger import seconds
from packsys.syncmodel import Counts, RunEventKind, RunState, SyncRun
from packsys.values import Value

_FATES = ("rows", "added", "updated", "revived", "unchanged", "rejected", "repeated", "deleted")


def happened(before: SyncRun | None, run: SyncRun, now: datetime) -> tuple[RunEventKind, dict[str, Value]] | None:
    """Gives the kind and the detail of the event, None where what changed is none."""
    if before is None:
        return RunEventKind(f"run.{run.state}"), {"mode": run.mode.value, "trigger": run.trigger}
    if before.state.final and run.state is before.state:
        return None
    if run.page != before.page:
        return RunEventKind.PAGE_KEPT, {"page": before.page, **_came(run.counts, before.counts)}
    begins = before.state is RunState.QUEUED and run.state is RunState.RUNNING
    if run.state is before.state or (begins and before.started_at is not None):
        return None
    return RunEventKind(f"run.{run.state}"), _detail(before, run, now)


def _detail(before: SyncRun, run: SyncRun, now: datetime) -> dict[str, Value]:
    match run.state:
        case RunState.WAITING:
            return {"cause": run.cause, "seconds": max(0.0, seconds((run.not_before or now) - now))}
        case RunState.NEEDS_APPROVAL:
            return {"cause": run.cause}
        case RunState.QUEUED if before.state is RunState.RUNNING:
            return {"cause": "WorkerLost"}
        case RunState.SUCCEEDED | RunState.FAILED | RunState.CANCELLED:
            code: dict[str, Value] = {"code": run.error.code} if run.error else {}
            return {**_came(run.counts, Counts()), "seconds": _lasted(run), **code}
    return {}


def _came(counts: Counts, before: Counts) -> dict[str, Value]:
    now, then = asdict(counts), asdict(before)
    return {name: now[name] - then[name] for name in _FATES}


def _lasted(run: SyncRun) -> float:
    return seconds(run.finished_at - run.queued_at) if run.finished_at and run.queued_at else 0.0
