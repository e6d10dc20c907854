"""Makes and changes schedules."""

from __future__ import annotations

from dataclasses import dataclass

from packsys.scheduling.ports import ScheduleStore
from packsys.scheduling.rhythm import check_rhythm
from packsys.scheduling.schedule import Schedule


@dataclass(frozen=True)
class KeepSchedule:
    """Keeps schedules that make sense; running beats know of them when they next look, within five seconds."""

    schedules: ScheduleStore

    def __call__(self, schedule: Schedule) -> Schedule:
        """Keeps a new schedule or changes one, and says when it is due.

        Raises :class:`~packsys.errors.RequestError` for a rhythm that makes no sense, and
        :class:`~packsys.errors.Conflict` where the id is another workspace's.
        """
        if schedule.rhythm is not None:
            check_rhythm(schedule.rhythm, jitter=schedule.jitter)
        return self.schedules.keep(schedule)
