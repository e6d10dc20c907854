"""Messages about what has ended, on their way to who is called back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class DeliveryState(StrEnum):
    """Moves pending → delivered or dead; one that is retried is pending again."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class Subject(StrEnum):
    """Names what a message to a callback is about: the end of a job, or of a sync run."""

    JOB = "job"
    RUN = "run"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Is the message about the end of a job or a run, on its way to the callback; each has one at most.

    ``job`` is the id of either.

    ``attempt`` counts how often it was taken, and is the fencing number of who takes it; ``tries`` counts the same
    since it was last asked for. ``status`` is the last answer's, ``reason`` says in a sentence why there was none, or
    why it is dead.
    """

    job: str
    about: Subject = Subject.JOB
    workspace: str
    url: str
    state: DeliveryState = DeliveryState.PENDING
    attempt: int = 0
    tries: int = 0
    due_at: datetime
    delivered_at: datetime | None = None
    status: int | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class WebhookSecret:
    """Is what a workspace's messages are signed with, as the vault wrote it; from ``expires_at`` on it signs none."""

    workspace: str
    id: str
    sealed: bytes = field(repr=False)
    created_at: datetime
    expires_at: datetime | None = None
