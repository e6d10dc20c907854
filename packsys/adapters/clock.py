"""The time, and ids that hold it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from packsys.runtime.ids import job_id


def now() -> datetime:
    """Tells the time."""
    return datetime.now(UTC)


def new_id() -> str:
    """Makes an id that no other job or connection has."""
    return job_id(now(), secrets.token_bytes(10))
