"""The nouns of scheduling."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from packsys.scheduling.rhythm import Every, Rhythm, following, offset_of

LATER = timedelta(seconds=1)
"""After how long a slot that cannot be sent yet is looked at again."""

_NAMESPACE = UUID("6f0c2f0e-6b0f-5c0e-9f64-7061636b7379")
_LONGEST_HISTORY = timedelta(days=30)
_MOST_SLOTS = 1000


class Cause(StrEnum):
    """Says why a slot was opened."""

    TIME = "time"
    HAND = "hand"
    DEPENDENCY = "dependency"


class Fate(StrEnum):
    """Says what became of a slot; one that comes later is still open."""

    SENT = "sent"
    SKIPPED = "skipped"
    LATER = "later"


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Says when something is due; without a ``rhythm`` only when somebody, or what it depends on, asks for it.

    ``kind`` and ``target`` name the thing, such as a sync table and its id. ``jitter`` is the width in seconds over
    which schedules of one rhythm are spread. ``next_due`` is kept by the store: blank while nothing is to come.
    """

    id: str
    kind: str
    target: str
    workspace: str = "default"
    rhythm: Rhythm | None = None
    jitter: float = 0.0
    paused: bool = False
    next_due: datetime | None = None

    def due_after(self, moment: datetime) -> datetime | None:
        """Gives the next time at which it is due."""
        if self.rhythm is None or self.paused:
            return None
        return following(self.rhythm, moment, offset=offset_of(self.id, self.jitter))

    def like(self, other: Schedule) -> bool:
        """Tells whether it fires at the same times as another."""
        return (self.rhythm, self.jitter, self.paused) == (other.rhythm, other.jitter, other.paused)

    @property
    def history(self) -> timedelta:
        """Is for how long its settled slots are kept: the last 1,000, and 30 days at most."""
        seconds = (
            self.rhythm.seconds * _MOST_SLOTS if isinstance(self.rhythm, Every) else _LONGEST_HISTORY.total_seconds()
        )
        return min(timedelta(seconds=seconds), _LONGEST_HISTORY)


@dataclass(frozen=True, kw_only=True)
class Slot:
    """Is one time at which a schedule fires, and fires once; ``fate`` is None while it is open.

    Whatever is asked for while a slot is open becomes part of it: a schedule has one open slot at most.
    """

    schedule: str
    due: datetime
    kind: str
    target: str
    cause: Cause = Cause.TIME
    workspace: str = "default"
    fate: Fate | None = None
    settled_at: datetime | None = None

    @property
    def task_id(self) -> str:
        """Is the same each time that the slot is sent, so that a second message can be known as such."""
        return str(uuid5(_NAMESPACE, f"{self.schedule}@{self.due.astimezone(UTC).isoformat()}"))
