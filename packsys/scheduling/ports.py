"""The sockets of scheduling; ``packsys.ports`` has the others, which also enter the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from packsys.scheduling.schedule import Cause, Fate, Schedule, Slot


class ScheduleStore(Protocol):
    """Keeps schedules, which may be made, changed, paused and deleted while beats run."""

    def keep(self, schedule: Schedule) -> Schedule:
        """Keeps a new schedule, or changes the one with its id, and says when it is due.

        When it is due changes only with its rhythm, its jitter, or a pause. A pause takes back what was not sent
        yet. Raises :class:`~packsys.errors.Conflict` where the id is another workspace's.
        """

    def get(self, schedule: str, *, workspace: str | None = None) -> Schedule:
        """Finds a schedule; raises :class:`~packsys.errors.NotFound` when it is absent or another workspace's."""

    def list(self, *, workspace: str) -> Sequence[Schedule]:
        """Lists a workspace's schedules by id."""

    def forget(self, schedule: str) -> bool:
        """Deletes a schedule with its slots; False when there is none."""

    def slots(self, schedule: str, *, limit: int = 50) -> Sequence[Slot]:
        """Lists a schedule's slots, the newest first."""


class SlotStore(Protocol):
    """Decides what is due, for any number of beats at once: each slot fires once, and none waits for a dead beat."""

    def open(self, *, limit: int = 100) -> int:
        """Opens a slot for each schedule that is due, and counts those that were due; each is moved on.

        What was missed becomes one slot, and so does what falls into a slot that is still open.
        """

    def trigger(self, schedule: str, cause: Cause) -> bool:
        """Opens a slot now; False when there is no such schedule, or the call became part of an open slot."""

    def settle(self, decide: Callable[[Slot], Fate], *, limit: int = 50) -> int:
        """Shows open slots to ``decide``, each to one at a time, writes down what it says, and counts them.

        A slot whose beat dies meanwhile is shown again at once, so that what ``decide`` sends may be sent twice: the
        slot's ``task_id`` tells. What ``decide`` raises is raised, once what it said before is written.
        """

    def wait(self) -> float | None:
        """Gives the seconds until something is to be done, below 0 when it is late; None while nothing is to come."""
