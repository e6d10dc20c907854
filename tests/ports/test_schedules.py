"""What every ScheduleStore and SlotStore promise."""

from __future__ import annotations

from dataclasses import replace
from threading import Thread

import pytest

from packsys.errors import Conflict, NotFound
from packsys.scheduling.rhythm import Cron, Every
from packsys.scheduling.schedule import Cause, Fate, Schedule, Slot
from tests.ports.house import House
from tests.ports.samples import NOBODYS
from tests.ports.threads import at_once

HOUR = 3600.0


def hourly(id: str = "s", **changed: object) -> Schedule:
    """Makes a schedule of a table that fires every hour."""
    return replace(Schedule(id=id, kind="sync", target=f"table-{id}", rhythm=Every(HOUR)), **changed)  # type: ignore[arg-type]


def fired(house: House, fate: Fate = Fate.SENT) -> list[Slot]:
    """Does what a beat does once, and gives the slots that it was shown."""
    shown: list[Slot] = []

    def decide(slot: Slot) -> Fate:
        shown.append(slot)
        return fate

    house.slots.open()
    house.slots.settle(decide)
    return shown


def names(slots: list[Slot]) -> list[str]:
    return [slot.schedule for slot in slots]


# Schedules.


@pytest.mark.parametrize("rhythm", [None, Every(1.5), Cron("0 8 * * MON", "Europe/Oslo")])
def test_a_schedule_is_kept_and_found(house: House, rhythm: Every | Cron | None) -> None:
    kept = house.schedules.keep(hourly(rhythm=rhythm, jitter=12.5))
    assert house.schedules.get("s", workspace="default") == kept
    assert kept == hourly(rhythm=rhythm, jitter=12.5, next_due=kept.next_due)
    assert (kept.next_due is None) is (rhythm is None)


@pytest.mark.parametrize("nobodys", NOBODYS)
def test_an_absent_schedule_is_not_found(house: House, nobodys: str) -> None:
    with pytest.raises(NotFound):
        house.schedules.get(nobodys)
    assert not house.schedules.forget(nobodys)
    assert not house.slots.trigger(nobodys, Cause.HAND)
    assert list(house.schedules.slots(nobodys)) == []


def test_another_workspaces_schedule_is_neither_found_nor_changed(house: House) -> None:
    house.schedules.keep(hourly(workspace="theirs"))
    with pytest.raises(NotFound):
        house.schedules.get("s", workspace="ours")
    with pytest.raises(Conflict):
        house.schedules.keep(hourly(workspace="ours"))
    assert list(house.schedules.list(workspace="ours")) == []
    assert [each.id for each in house.schedules.list(workspace="theirs")] == ["s"]


def test_a_forgotten_schedule_fires_no_more(house: House) -> None:
    house.schedules.keep(hourly())
    house.slots.trigger("s", Cause.HAND)
    assert house.schedules.forget("s")
    house.wait(HOUR)
    assert fired(house) == []
    assert house.slots.wait() is None


# What is due.


def test_nothing_fires_before_it_is_due(house: House) -> None:
    house.schedules.keep(hourly())
    wait = house.slots.wait()
    assert wait is not None
    assert 0 < wait <= HOUR
    assert fired(house) == []


def test_a_due_schedule_fires_once_and_is_due_again_later(house: House) -> None:
    kept = house.schedules.keep(hourly())
    house.wait(HOUR)
    (slot,) = fired(house)
    assert (slot.kind, slot.target, slot.workspace, slot.cause) == ("sync", "table-s", "default", Cause.TIME)
    assert kept.next_due is not None
    assert fired(house) == []
    house.wait(HOUR)
    assert names(fired(house)) == ["s"]
    newest, first = house.schedules.slots("s")
    assert newest.due > first.due
    assert newest.task_id != first.task_id


def test_what_was_missed_fires_once(house: House) -> None:
    house.schedules.keep(hourly())
    house.wait(50 * HOUR)
    assert names(fired(house)) == ["s"]
    assert fired(house) == []
    wait = house.slots.wait()
    assert wait is not None
    assert 0 < wait <= HOUR


def test_a_slot_that_was_not_settled_is_shown_again_and_takes_in_what_comes_meanwhile(house: House) -> None:
    house.schedules.keep(hourly())
    house.wait(HOUR)
    house.slots.open()
    house.wait(HOUR)
    house.slots.open()
    assert not house.slots.trigger("s", Cause.HAND)
    assert names(fired(house)) == ["s"]
    assert fired(house) == []


def test_slots_are_shown_in_the_order_in_which_they_were_opened(house: House) -> None:
    for id in ("b", "a", "c"):
        house.schedules.keep(Schedule(id=id, kind="sync", target=id))
        house.slots.trigger(id, Cause.HAND)
        house.wait(1)
    assert names(fired(house)) == ["b", "a", "c"]


def test_at_most_as_many_are_taken_as_asked_for(house: House) -> None:
    for number in range(5):
        house.schedules.keep(hourly(f"s{number}"))
    house.wait(HOUR)
    assert [house.slots.open(limit=3), house.slots.open(limit=3), house.slots.open(limit=3)] == [3, 2, 0]
    counts = [house.slots.settle(lambda slot: Fate.SENT, limit=4) for _ in range(3)]
    assert counts == [4, 1, 0]


# Changes while beats run.


def test_a_changed_rhythm_counts_from_now(house: House) -> None:
    house.schedules.keep(hourly())
    changed = house.schedules.keep(hourly(rhythm=Every(60)))
    wait = house.slots.wait()
    assert wait is not None
    assert wait <= 60
    assert changed.rhythm == Every(60)


def test_a_change_of_the_target_keeps_the_time(house: House) -> None:
    kept = house.schedules.keep(hourly())
    house.wait(HOUR)
    house.schedules.keep(hourly(target="other"))
    (slot,) = fired(house)
    assert slot.target == "other"
    assert kept.next_due is not None


def test_a_paused_schedule_does_not_fire_by_itself_and_what_was_not_sent_is_taken_back(house: House) -> None:
    house.schedules.keep(hourly())
    house.wait(HOUR)
    house.slots.open()
    assert house.schedules.keep(hourly(paused=True)).next_due is None
    assert fired(house) == []
    assert [slot.fate for slot in house.schedules.slots("s")] == [Fate.SKIPPED]
    house.wait(HOUR)
    assert fired(house) == []
    assert house.slots.trigger("s", Cause.HAND)
    assert [slot.cause for slot in fired(house)] == [Cause.HAND]
    assert house.schedules.keep(hourly()).next_due is not None


# Triggers.


@pytest.mark.parametrize("cause", [Cause.HAND, Cause.DEPENDENCY])
def test_a_trigger_fires_at_once_and_many_fire_once(house: House, cause: Cause) -> None:
    house.schedules.keep(hourly(rhythm=None))
    assert [house.slots.trigger("s", cause) for _ in range(3)] == [True, False, False]
    wait = house.slots.wait()
    assert wait is not None
    assert wait <= 0
    assert [(slot.cause, slot.target) for slot in fired(house)] == [(cause, "table-s")]
    assert fired(house) == []
    assert house.slots.trigger("s", cause)


def test_what_cannot_be_sent_yet_comes_later(house: House) -> None:
    house.schedules.keep(hourly(rhythm=None))
    house.slots.trigger("s", Cause.DEPENDENCY)
    (first,) = fired(house, Fate.LATER)
    assert fired(house) == []
    wait = house.slots.wait()
    assert wait is not None
    assert 0 < wait <= 1
    house.wait(1)
    assert [slot.task_id for slot in fired(house)] != []
    assert fired(house) == []
    assert first.cause is Cause.DEPENDENCY


def test_a_trigger_that_comes_while_a_slot_is_sent_is_not_lost(house: House) -> None:
    """The one being sent may have begun to read: what was changed since needs another."""
    house.schedules.keep(hourly(rhythm=None))
    house.slots.trigger("s", Cause.DEPENDENCY)
    opened: list[bool] = []
    thread = Thread(target=lambda: opened.append(house.slots.trigger("s", Cause.DEPENDENCY)))

    def decide(slot: Slot) -> Fate:
        thread.start()
        return Fate.SENT

    house.slots.settle(decide)
    thread.join(10)
    assert opened == [True]
    assert names(fired(house)) == ["s"]


def test_what_cannot_be_sent_stays_open_and_what_was_sent_is_settled(house: House) -> None:
    for id in ("a", "b", "c"):
        house.schedules.keep(Schedule(id=id, kind="sync", target=id))
        house.slots.trigger(id, Cause.HAND)
        house.wait(1)

    def decide(slot: Slot) -> Fate:
        if slot.schedule == "b":
            raise ConnectionError
        return Fate.SENT

    with pytest.raises(ConnectionError):
        house.slots.settle(decide)
    assert names(fired(house)) == ["b", "c"]


# History.


def test_slots_are_listed_with_their_fate_the_newest_first(house: House) -> None:
    house.schedules.keep(hourly())
    for fate in (Fate.SENT, Fate.SKIPPED):
        house.wait(HOUR)
        assert len(fired(house, fate)) == 1
    house.slots.trigger("s", Cause.HAND)
    listed = house.schedules.slots("s")
    assert [(slot.cause, slot.fate) for slot in listed] == [
        (Cause.HAND, None),
        (Cause.TIME, Fate.SKIPPED),
        (Cause.TIME, Fate.SENT),
    ]
    assert [slot.settled_at is not None for slot in listed] == [False, True, True]
    assert [slot.due for slot in house.schedules.slots("s", limit=1)] == [listed[0].due]


def test_old_slots_are_forgotten(house: House) -> None:
    house.schedules.keep(hourly())
    for hours in (1, 1, 31 * 24):
        house.wait(hours * HOUR)
        fired(house)
    assert len(house.schedules.slots("s")) == 1


# Any number of beats.


def test_each_slot_is_shown_once_however_many_beats_there_are(house: House) -> None:
    for number in range(30):
        house.schedules.keep(hourly(f"s{number:02}"))
    for _ in range(3):
        house.wait(HOUR)
        shown = [slot for found in at_once(lambda _: fired(house), threads=4) for slot in found]
        shown += fired(house)
        assert sorted(names(shown)) == [f"s{number:02}" for number in range(30)]


def test_a_trigger_from_many_sides_fires_once(house: House) -> None:
    house.schedules.keep(hourly(rhythm=None))
    assert sum(at_once(lambda _: house.slots.trigger("s", Cause.DEPENDENCY), threads=6)) == 1
    assert names(fired(house)) == ["s"]
