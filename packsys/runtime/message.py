"""Writes the message that a callback gets about the end of a job or a sync run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from packsys.errors import NotFound
from packsys.model import Job
from packsys.runtime.report import error, report
from packsys.syncmodel import SyncRun

LARGEST = 20_000
"""The largest value in bytes that a message holds: Standard Webhooks advises messages below 20 kB."""


@dataclass(frozen=True)
class Message:
    """Is what is sent, under a name that is the same for every attempt, so that who gets it twice can tell."""

    name: str
    body: bytes


def message(job: Job) -> Message:
    """Writes what became of an ended job; a value above :data:`LARGEST` is left out, and ``complete`` is false then."""
    told = report(job)
    data = {name: told[name] for name in ("id", "state", "accepted_at", "finished_at", "seconds")}
    outcome = {"error": told["error"]} if job.error is not None else {"value": told["value"]}
    complete = len(_written(outcome)) <= LARGEST
    body = _written(
        {
            "type": f"job.{job.state.value}",
            "timestamp": told["finished_at"],
            "data": {**data, "complete": complete, **(outcome if complete else {})},
        }
    )
    return Message(f"msg_{job.id}", body)


def run_message(run: SyncRun) -> Message:
    """Writes what became of an ended run of a sync table; one that is resumed ends again, and is told of again.

    Raises NotFound for a run that has not ended: it was resumed, and nobody is to be told of its first end any more.
    """
    if run.finished_at is None:
        raise NotFound(f"The sync run {run.id} has not ended.")
    data = {
        "id": run.id,
        "sync": run.table,
        "state": run.state.value,
        "mode": run.mode.value,
        "trigger": run.trigger,
        "queued_at": _time(run.queued_at),
        "finished_at": _time(run.finished_at),
        "pages": run.page,
        "counts": asdict(run.counts),
        **({"error": error(run.error)} if run.error is not None else {}),
    }
    body = _written({"type": f"run.{run.state.value}", "timestamp": data["finished_at"], "data": data})
    return Message(f"msg_{run.id}.{int(run.finished_at.timestamp() * 1000)}", body)


def trial(now: datetime) -> bytes:
    """Writes a message that is about nothing, to try a callback with."""
    return _written({"type": "webhook.test", "timestamp": now.isoformat(), "data": {}})


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _written(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode("ascii")
