"""The twins of schedules and slots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import RLock

from packsys.errors import Conflict, NotFound
from packsys.scheduling.schedule import LATER, Cause, Fate, Schedule, Slot


@dataclass(kw_only=True)
class SlotFile:
    """Holds a slot and what only its keeper knows."""

    slot: Slot
    not_before: datetime


@dataclass
class Calendar:
    """Is the state that the two twins share: schedules by id, slots by schedule; ``now`` is its clock."""

    now: Callable[[], datetime]
    schedules: dict[str, Schedule] = field(default_factory=dict)
    slots: dict[str, list[SlotFile]] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)

    def unsettled(self, schedule: str) -> SlotFile | None:
        """Finds the open slot of a schedule."""
        return next((file for file in self.slots.get(schedule, ()) if file.slot.fate is None), None)

    def put(self, schedule: Schedule, due: datetime, cause: Cause) -> bool:
        """Opens a slot, unless one is open."""
        if self.unsettled(schedule.id) is not None:
            return False
        slot = Slot(
            schedule=schedule.id,
            due=due,
            kind=schedule.kind,
            target=schedule.target,
            workspace=schedule.workspace,
            cause=cause,
        )
        self.slots.setdefault(schedule.id, []).append(SlotFile(slot=slot, not_before=self.now()))
        return True


class MemorySchedules:
    """Keeps schedules in this process."""

    def __init__(self, calendar: Calendar) -> None:
        """Takes the calendar."""
        self._calendar = calendar

    def keep(self, schedule: Schedule) -> Schedule:
        """Keeps a new schedule, or changes the one with its id; raises Conflict where it is another workspace's."""
        calendar = self._calendar
        with calendar.lock:
            before = calendar.schedules.get(schedule.id)
            if before is not None and before.workspace != schedule.workspace:
                raise Conflict(f"There is a schedule with the id {schedule.id} already: make a new one.")
            unmoved = before is not None and schedule.like(before)
            next_due = before.next_due if before is not None and unmoved else schedule.due_after(calendar.now())
            calendar.schedules[schedule.id] = replace(schedule, next_due=next_due)
            self._withdraw(schedule)
            return calendar.schedules[schedule.id]

    def get(self, schedule: str, *, workspace: str | None = None) -> Schedule:
        """Finds a schedule; raises NotFound when it is absent or another workspace's."""
        found = self._calendar.schedules.get(schedule)
        if found is None or workspace not in (None, found.workspace):
            raise NotFound(f"There is no schedule {schedule}.")
        return found

    def list(self, *, workspace: str) -> Sequence[Schedule]:
        """Lists a workspace's schedules by id."""
        own = [each for each in tuple(self._calendar.schedules.values()) if each.workspace == workspace]
        return sorted(own, key=lambda each: each.id)

    def forget(self, schedule: str) -> bool:
        """Deletes a schedule with its slots; False when there is none."""
        with self._calendar.lock:
            self._calendar.slots.pop(schedule, None)
            return self._calendar.schedules.pop(schedule, None) is not None

    def slots(self, schedule: str, *, limit: int = 50) -> Sequence[Slot]:
        """Lists a schedule's slots, the newest first."""
        kept = [self._current(file.slot) for file in tuple(self._calendar.slots.get(schedule, ()))]
        return sorted(kept, key=lambda slot: slot.due, reverse=True)[:limit]

    def _current(self, slot: Slot) -> Slot:
        of = self._calendar.schedules[slot.schedule]
        return replace(slot, kind=of.kind, target=of.target)

    def _withdraw(self, schedule: Schedule) -> None:
        file = self._calendar.unsettled(schedule.id)
        if file is not None and schedule.paused and file.slot.cause is Cause.TIME:
            file.slot = replace(file.slot, fate=Fate.SKIPPED, settled_at=self._calendar.now())


class MemorySlots:
    """Opens and settles slots in this process."""

    def __init__(self, calendar: Calendar) -> None:
        """Takes the calendar."""
        self._calendar = calendar

    def open(self, *, limit: int = 100) -> int:
        """Opens a slot for each schedule that is due, and counts those that were due; each is moved on."""
        calendar, now = self._calendar, self._calendar.now()
        with calendar.lock:
            coming = ((each.next_due, each) for each in calendar.schedules.values() if each.next_due is not None)
            due = sorted(((at, each) for at, each in coming if at <= now), key=lambda found: found[0])[:limit]
            for at, each in due:
                calendar.put(each, at, Cause.TIME)
                calendar.schedules[each.id] = replace(each, next_due=each.due_after(now))
                self._prune(each, now - each.history)
            return len(due)

    def trigger(self, schedule: str, cause: Cause) -> bool:
        """Opens a slot now; False when there is no such schedule, or the call became part of an open slot."""
        with self._calendar.lock:
            found = self._calendar.schedules.get(schedule)
            return found is not None and self._calendar.put(found, self._calendar.now(), cause)

    def settle(self, decide: Callable[[Slot], Fate], *, limit: int = 50) -> int:
        """Shows open slots to ``decide``, each to one at a time, writes down what it says, and counts them."""
        taken, told = self._take(limit), 0
        try:
            for file in taken:
                self._write(file, decide(file.slot))
                told += 1
        finally:
            for file in taken[told:]:
                self._write(file, None)
        return len(taken)

    def wait(self) -> float | None:
        """Gives the seconds until something is to be done, below 0 when it is late; None while nothing is to come."""
        with self._calendar.lock:
            coming = [each.next_due for each in self._calendar.schedules.values() if each.next_due is not None]
            coming += [file.not_before for file in self._unsettled()]
            return (min(coming) - self._calendar.now()).total_seconds() if coming else None

    def _take(self, limit: int) -> Sequence[SlotFile]:
        """Marks open slots as sent before they are, so that who triggers their schedules meanwhile opens new ones."""
        with self._calendar.lock:
            now = self._calendar.now()
            ready = sorted((file for file in self._unsettled() if file.not_before <= now), key=_turn)[:limit]
            for file in ready:
                of = self._calendar.schedules[file.slot.schedule]
                file.slot = replace(file.slot, kind=of.kind, target=of.target, fate=Fate.SENT, settled_at=now)
            return ready

    def _unsettled(self) -> Sequence[SlotFile]:
        return [file for files in self._calendar.slots.values() for file in files if file.slot.fate is None]

    def _write(self, file: SlotFile, fate: Fate | None) -> None:
        with self._calendar.lock:
            if fate in (Fate.SENT, Fate.SKIPPED) or self._calendar.unsettled(file.slot.schedule) is not None:
                file.slot = replace(file.slot, fate=fate if fate is Fate.SENT else Fate.SKIPPED)
                return
            delay = LATER if fate is Fate.LATER else timedelta()
            file.slot, file.not_before = replace(file.slot, fate=None, settled_at=None), self._calendar.now() + delay

    def _prune(self, schedule: Schedule, before: datetime) -> None:
        kept = [file for file in self._calendar.slots[schedule.id] if file.slot.fate is None or file.slot.due >= before]
        self._calendar.slots[schedule.id] = kept


def _turn(file: SlotFile) -> tuple[datetime, datetime]:
    return file.not_before, file.slot.due
