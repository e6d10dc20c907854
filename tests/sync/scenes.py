"""What processes do for sync tables until they are killed, how others go on, and what is kept in the end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, TypeAlias

from redis import Redis

from packsys.runtime.fire import Fire
from packsys.scheduling.rhythm import Every
from packsys.scheduling.schedule import Schedule, Slot
from packsys.store.database import Database
from packsys.store.schedules import PostgresSchedules, PostgresSlots
from packsys.store.scheduletables import schedule
from packsys.store.synctables import sync_run
from packsys.sync.reconcile import ReconcileRuns
from packsys.sync.underway import UnderWay
from packsys.syncmodel import Mode, SyncRun, SyncTable
from tests.ports.house import age, empty
from tests.ports.synchouse import syncs_in_postgres
from tests.sync.fate import Fate, Mortal, edit, mortal
from tests.sync.source import Source
from tests.sync.test_kills import BOUNDLESS, agree
from tests.sync.world import ATTEMPTS, World, world

LONG = 10_000.0
"""Seconds that pass while a dead process is missed: more than any lease, grace or rhythm here."""

PATIENCE = 20
"""Processes that may take up a run before it counts as lost."""

WAITING, HELD, SLOTS = "waiting", "held", "slots"
OFTEN, PARTED = "often", "PartedThings"


@dataclass(frozen=True)
class Broker:
    """Keeps messages outside the processes that send and take them, as the real one does."""

    client: Redis

    def page(self, run: SyncRun) -> None:
        """Sends a run."""
        self.client.rpush(WAITING, json.dumps((run.id, run.page)))

    finish = page

    def slot(self, slot: Slot) -> None:
        """Sends a slot."""
        self.client.rpush(SLOTS, json.dumps((slot.task_id, slot.target)))

    def take(self) -> tuple[str, int] | None:
        """Hands a message out, which is held until it is served."""
        found: Any = self.client.lmove(WAITING, HELD)
        return None if found is None else tuple(json.loads(found))

    def served(self) -> None:
        """Forgets the message that was handed out."""
        self.client.delete(HELD)

    def give_back(self) -> None:
        """Delivers again what a process held that is gone."""
        while self.client.lmove(HELD, WAITING, "RIGHT", "LEFT"):
            pass

    def clear(self) -> None:
        """Loses every message."""
        self.client.delete(WAITING, HELD)

    def fired(self) -> list[tuple[str, str]]:
        """Gives every slot that was sent, with the id of its message."""
        sent: Any = self.client.lrange(SLOTS, 0, -1)
        return [(id, target) for id, target in map(json.loads, sent)]


class Scene(Protocol):
    """Is a house in which one process does something, and may be killed; again and again, each time from a beginning.

    What was kept of the times before stays: a table has a history of kills.
    """

    def begin(self) -> None:
        """Gives the process something to do."""

    def work(self, fate: Fate) -> None:
        """Does what the process does, as far as it gets."""

    def recover(self) -> None:
        """Has others go on until all is done."""

    def outcome(self) -> tuple[bool, Any]:
        """Tells whether it is right, and gives what is kept since the beginning.

        That is the same, whatever was killed, and whichever time it is.
        """

    def check(self) -> None:
        """Raises AssertionError where the whole history is not one."""


Make: TypeAlias = Callable[[Database, Broker], Scene]


@dataclass(kw_only=True)
class Refresh:
    """Is a table whose source changes, a run that is to find that out, and the worker that serves it.

    The source has five rows with numbers for keys: each time one goes, one changes, and one comes. With ``anew`` the
    run is the first one of a new table each time.
    """

    made: World
    broker: Broker
    database: Database
    anew: bool
    name: str
    table: SyncTable
    run: SyncRun
    number: int = 0
    told: int = 0

    def begin(self) -> None:
        """Changes the source, starts a run, and rings for it."""
        self.change()
        self.run = self.made.start(self.table.id, mode=Mode.FULL)
        self.broker.page(self.run)
        self.made.bells.waiting.clear()

    def change(self) -> None:
        """Changes the source."""
        self.told += len(self.made.house.rows.changes(self.table.id, after=self.told, limit=10**6))
        self.broker.client.flushdb()
        if self.anew:
            self.table, self.told = self.made.table(guard=BOUNDLESS, table=self.name), 0
        gone, other, new = (_key(self.number + place, self.name) for place in (0, 1, 5))
        edit(self.made.source, [(gone, None), (other, -1), (new, 5)])
        self.number += 1

    def work(self, fate: Fate) -> None:
        """Serves every message."""
        hurt = mortal(self.made, fate, bells=self.broker)
        while (message := self.broker.take()) is not None:
            hurt.serve(*message)
            self.broker.served()

    def recover(self) -> None:
        """Serves what is delivered again, and what the reconciler rings for when the leases have run out."""
        for _ in range(PATIENCE):
            self.work(Fate())
            if self.made.house.runs.get(self.run.id).state.final:
                return
            age(self.database, LONG, tables=[sync_run])
            replace(self.made.reconcile, dispatcher=self.broker)()

    def outcome(self) -> tuple[bool, Any]:
        """Tells whether the rows are those of the source, and gives the rows, feed, counters, pages and the state."""
        house, ended = self.made.house, self.made.house.runs.get(self.run.id)
        numbers = [page.number for page in house.runs.pages(self.run.id)]
        rows = self.made.values(self.table)
        known = {_number(key) - self.number: value for key, value in rows.items()}
        feed = [
            (change.operation, _number(change.key) - self.number)
            for change in house.rows.changes(self.table.id, after=self.told, limit=10**6)
        ]
        if ended.partitions:
            feed.sort()  # which partition is read first after a loss is not said
        return rows == self.made.source.rows, (known, feed, ended.counts, numbers, ended.state)

    def check(self) -> None:
        """Compares rows, feed, versions and counters of all runs."""
        agree(self.made, self.table)


def _key(number: int, name: str) -> str:
    partition = "019"[number % 3] if name == PARTED else "0"
    return f"{partition}{number:06}"


def _number(key: str) -> int:
    return int(key[1:])


def refresh(
    database: Database, broker: Broker, *, slice: float, size: int, anew: bool = False, name: str = "Things"
) -> Refresh:
    """Makes a table that was synced, and changed, and synced again."""
    empty(database)
    broker.client.flushdb()
    made = world(Source(size=size), house=syncs_in_postgres(database), slice=slice)
    edit(made.source, [(_key(place, name), 5) for place in range(5)])
    table = made.table(guard=BOUNDLESS, table=name)
    scene = Refresh(
        made=made, broker=broker, database=database, anew=anew, name=name, table=table, run=made.sync(table)
    )
    scene.begin()
    scene.recover()
    return scene


@dataclass(frozen=True, kw_only=True)
class Repair:
    """Is a run whose worker is lost, and whose messages are too: a reconciler finds that."""

    refresh: Refresh

    def begin(self) -> None:
        """Has a worker take the first page and be lost."""
        self.refresh.begin()
        assert self.refresh.made.house.work.claim(self.refresh.run.id, page=0, worker="lost", lease=30.0)
        self.refresh.broker.clear()
        age(self.refresh.database, LONG, tables=[sync_run])

    def work(self, fate: Fate) -> None:
        """Looks for what stands still."""
        upkeep, bells = Mortal(self.refresh.made.house.upkeep, fate), Mortal(self.refresh.broker, fate)
        ReconcileRuns(upkeep=upkeep, dispatcher=bells, grace=10.0, attempts=ATTEMPTS)()

    def recover(self) -> None:
        """Goes on as with any run."""
        self.refresh.recover()

    def outcome(self) -> tuple[bool, Any]:
        """Gives what is kept of the run."""
        return self.refresh.outcome()

    def check(self) -> None:
        """Compares all runs."""
        self.refresh.check()


@dataclass(frozen=True, kw_only=True)
class Firing:
    """Is a table with a schedule that is due, and the beat that fires it."""

    refresh: Refresh

    def begin(self) -> None:
        """Changes the source and has the schedule be due, each time for another slot."""
        self.refresh.change()
        age(self.refresh.database, LONG - self.refresh.number, tables=[schedule])

    def work(self, fate: Fate) -> None:
        """Fires what is due."""
        self.fire(fate)

    def fire(self, fate: Fate) -> float | None:
        """Fires what is due, and gives the seconds until there is more to do."""
        busy, broker = UnderWay(runs=self.refresh.made.house.runs), self.refresh.broker
        beat = Fire(
            slots=Mortal(PostgresSlots(self.refresh.database), fate),
            ring=lambda slot: fate.pass_by(lambda: broker.slot(slot), "ring"),
            busy=lambda slot: bool(fate.pass_by(lambda: busy(slot), "busy")),
        )
        return beat()

    def recover(self) -> None:
        """Has another beat fire at once, and workers serve what was sent: twice where it came twice.

        It looks again while a slot is open, as a beat does: PostgreSQL may not have missed the dead one yet.
        """
        while (wait := self.fire(Fate())) is not None and wait < 0:
            time.sleep(0.01)
        for _, target in self.refresh.broker.fired():
            self.refresh.run = self.refresh.made.start(target, mode=Mode.FULL, trigger="time")
        self.refresh.made.settle()

    def outcome(self) -> tuple[bool, Any]:
        """Tells whether the slot was sent, under one id, and gives what is kept of the run."""
        [slot] = PostgresSchedules(self.refresh.database).slots(OFTEN, limit=1)
        sent = {id for id, _ in self.refresh.broker.fired()}
        right, kept = self.refresh.outcome()
        return right and sent == {slot.task_id}, (slot.fate, kept)

    def check(self) -> None:
        """Compares all runs, and the number of slots with that of changes of the source."""
        slots = PostgresSchedules(self.refresh.database).slots(OFTEN, limit=10**6)
        assert len(slots) == self.refresh.number - 1
        self.refresh.check()


def firing(database: Database, broker: Broker) -> Firing:
    """Makes a table and a schedule of it."""
    made = refresh(database, broker, slice=10.0, size=3)
    PostgresSchedules(database).keep(Schedule(id=OFTEN, kind="sync", target=made.table.id, rhythm=Every(3600.0)))
    return Firing(refresh=made)


SCENES: Mapping[str, Make] = {
    "pages": partial(refresh, slice=10.0, size=2),
    "rings": partial(refresh, slice=0.0, size=3),
    "partitions": partial(refresh, slice=10.0, size=2, name=PARTED),
    "first": partial(refresh, slice=10.0, size=3, anew=True),
    "repair": lambda database, broker: Repair(refresh=refresh(database, broker, slice=10.0, size=3)),
    "beat": firing,
}
"""By name: a worker within a time slice, one that rings for each page, one that reads partitions, the first run of a
table, which gets its schema, a reconciler, and a beat."""
