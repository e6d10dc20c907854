"""What is due is sent once, and not while it is still under way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from packsys.errors import NotReady, RequestError
from packsys.memory import Calendar, MemorySchedules, MemorySlots
from packsys.runtime.fire import BATCH, Fire
from packsys.runtime.schedule import KeepSchedule
from packsys.scheduling.rhythm import Cron, Every
from packsys.scheduling.schedule import Cause, Fate, Schedule, Slot


@dataclass
class Yard:
    """Holds schedules in memory, a bell that may be broken, and what is under way."""

    at: datetime = datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)
    rung: list[Slot] = field(default_factory=list)
    busy: set[str] = field(default_factory=set)
    broken: bool = False

    def __post_init__(self) -> None:
        calendar = Calendar(lambda: self.at)
        self.schedules, self.slots = MemorySchedules(calendar), MemorySlots(calendar)
        self.fire = Fire(slots=self.slots, ring=self.ring, busy=lambda slot: slot.target in self.busy)

    def ring(self, slot: Slot) -> None:
        if self.broken:
            raise NotReady
        self.rung.append(slot)

    def wait(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def fates(self) -> list[Fate | None]:
        return [slot.fate for slot in self.schedules.slots("s")]


@pytest.fixture
def yard() -> Yard:
    made = Yard()
    made.schedules.keep(Schedule(id="s", kind="sync", target="t", rhythm=Every(60)))
    return made


def test_it_says_when_to_come_back(yard: Yard) -> None:
    assert yard.fire() == 59
    assert yard.rung == []
    yard.wait(59)
    assert yard.fire() == 60
    assert [slot.target for slot in yard.rung] == ["t"]
    assert Fire(slots=MemorySlots(Calendar(lambda: yard.at)), ring=yard.ring, busy=lambda _: False)() is None


def test_a_slot_of_what_is_still_running_is_skipped(yard: Yard) -> None:
    yard.busy.add("t")
    yard.wait(60)
    assert yard.fire() == 59
    yard.busy.clear()
    assert yard.fire() == 59
    assert yard.rung == []
    assert yard.fates() == [Fate.SKIPPED]


@pytest.mark.parametrize("cause", [Cause.HAND, Cause.DEPENDENCY])
def test_what_was_asked_for_waits_until_what_is_running_has_ended(yard: Yard, cause: Cause) -> None:
    """Ten tables that changed cause one run, after the one that may have read them before they did."""
    yard.busy.add("t")
    for _ in range(10):
        yard.slots.trigger("s", cause)
        assert yard.fire() is not None
    assert yard.rung == []
    yard.busy.clear()
    yard.wait(1)
    yard.fire()
    assert [slot.cause for slot in yard.rung] == [cause]


def test_what_the_broker_does_not_take_is_sent_later_under_the_same_id(yard: Yard) -> None:
    yard.broken = True
    yard.wait(60)
    for _ in range(2):
        with pytest.raises(NotReady):
            yard.fire()
    (missed,) = yard.schedules.slots("s")
    assert missed.fate is None
    yard.broken = False
    yard.fire()
    assert [slot.task_id for slot in yard.rung] == [missed.task_id]


def test_more_than_a_batch_is_fired_at_once(yard: Yard) -> None:
    for number in range(2 * BATCH + 1):
        yard.schedules.keep(Schedule(id=f"s{number}", kind="sync", target=f"t{number}", rhythm=Every(60)))
    yard.wait(60)
    yard.fire()
    assert len({slot.task_id for slot in yard.rung}) == 2 * BATCH + 2


def test_a_rhythm_that_makes_no_sense_is_never_kept(yard: Yard) -> None:
    keep = KeepSchedule(yard.schedules)
    with pytest.raises(RequestError):
        keep(Schedule(id="wrong", kind="sync", target="t", rhythm=Cron("every day")))
    assert [each.id for each in yard.schedules.list(workspace="default")] == ["s"]
    assert keep(Schedule(id="right", kind="sync", target="t", rhythm=Cron("0 8 * * *"))).next_due is not None
    assert keep(Schedule(id="by-hand", kind="sync", target="t")).next_due is None
