"""Writes the message that a callback gets about a job's end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from packsys.model import Job
from packsys.runtime.report import report

LARGEST = 20_000
"""The largest value in bytes that a message holds: Standard Webhooks advises messages below 20 kB."""


def message_id(job: str) -> str:
    """Names the message about a job: the same for every attempt, so that who gets it twice can tell."""
    return f"msg_{job}"


def message(job: Job) -> bytes:
    """Writes what became of an ended job; a value above :data:`LARGEST` is left out, and ``complete`` is false then."""
    told = report(job)
    data = {name: told[name] for name in ("id", "state", "accepted_at", "finished_at", "seconds")}
    outcome = {"error": told["error"]} if job.error is not None else {"value": told["value"]}
    complete = len(_written(outcome)) <= LARGEST
    return _written(
        {
            "type": f"job.{job.state.value}",
            "timestamp": told["finished_at"],
            "data": {**data, "complete": complete, **(outcome if complete else {})},
        }
    )


def trial(now: datetime) -> bytes:
    """Writes a message that is about nothing, to try a callback with."""
    return _written({"type": "webhook.test", "timestamp": now.isoformat(), "data": {}})


def _written(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode("ascii")
