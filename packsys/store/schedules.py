"""Schedules and their slots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select

from packsys.errors import Conflict, NotFound
from packsys.scheduling.rhythm import Cron, Every, Rhythm
from packsys.scheduling.schedule import LATER, Cause, Fate, Schedule, Slot
from packsys.store.database import Database
from packsys.store.queries import load
from packsys.store.scheduletables import schedule as table

SQL = load(Path(__file__).with_name("schedules.sql"))


class PostgresSchedules:
    """Keeps schedules in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def keep(self, schedule: Schedule) -> Schedule:
        """Keeps a new schedule, or changes the one with its id; raises Conflict where it is another workspace's."""
        with self._database.begin() as connection:
            before = connection.execute(SQL["lock_schedule"], {"schedule_id": schedule.id}).one_or_none()
            if before is not None and before.workspace != schedule.workspace:
                raise Conflict(f"There is a schedule with the id {schedule.id} already: make a new one.")
            at = before.at if before is not None else connection.execute(select(func.now())).scalar_one()
            unmoved = before is not None and schedule.like(_schedule(before))
            next_due = before.next_due if before is not None and unmoved else schedule.due_after(at)
            return _schedule(
                connection.execute(SQL["put_schedule"], {**_columns(schedule), "next_due": next_due}).one()
            )

    def get(self, schedule: str, *, workspace: str | None = None) -> Schedule:
        """Finds a schedule; raises NotFound when it is absent or another workspace's."""
        with self._database.connect() as connection:
            row = connection.execute(select(table).where(table.c.schedule_id == schedule)).one_or_none()
        if row is None or workspace not in (None, row.workspace):
            raise NotFound(f"There is no schedule {schedule}.")
        return _schedule(row)

    def list(self, *, workspace: str) -> Sequence[Schedule]:
        """Lists a workspace's schedules by id."""
        asked = select(table).where(table.c.workspace == workspace).order_by(table.c.schedule_id)
        with self._database.connect() as connection:
            return tuple(map(_schedule, connection.execute(asked)))

    def forget(self, schedule: str) -> bool:
        """Deletes a schedule with its slots; False when there is none."""
        ended = delete(table).where(table.c.schedule_id == schedule).returning(table.c.schedule_id)
        with self._database.connect() as connection:
            return connection.execute(ended).one_or_none() is not None

    def slots(self, schedule: str, *, limit: int = 50) -> Sequence[Slot]:
        """Lists a schedule's slots, the newest first."""
        with self._database.connect() as connection:
            return tuple(map(_slot, connection.execute(SQL["slots"], {"schedule_id": schedule, "limit": limit})))


class PostgresSlots:
    """Opens and settles slots in PostgreSQL, whose clock and locks decide: any number of beats may ask at once.

    A slot is locked while it is sent, and free again the moment that the beat which held it is gone.
    """

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def open(self, *, limit: int = 100) -> int:
        """Opens a slot for each schedule that is due, and counts those that were due; each is moved on."""
        with self._database.begin() as connection:
            due = connection.execute(SQL["due_schedules"], {"limit": limit}).all()
            for row in due:
                _open(connection, row)
        return len(due)

    def trigger(self, schedule: str, cause: Cause) -> bool:
        """Opens a slot now; False when there is no such schedule, or the call became part of an open slot."""
        with self._database.connect() as connection:
            found = connection.execute(SQL["trigger"], {"schedule_id": schedule, "cause": cause})
            return found.one_or_none() is not None

    def settle(self, decide: Callable[[Slot], Fate], *, limit: int = 50) -> int:
        """Shows open slots to ``decide``, each to one at a time, writes down what it says, and counts them.

        What it raises is raised, once what it said before is written.
        """
        with self._database.begin() as connection:
            rows = connection.execute(SQL["open_slots"], {"limit": limit}).all()
            problem = _settle(connection, rows, decide)
        if problem is not None:
            raise problem
        return len(rows)

    def wait(self) -> float | None:
        """Gives the seconds until something is to be done, below 0 when it is late; None while nothing is to come."""
        with self._database.connect() as connection:
            seconds: float | None = connection.execute(SQL["wait"]).scalar_one()
        return seconds


def _settle(connection: Connection, rows: Sequence[Row[Any]], decide: Callable[[Slot], Fate]) -> Exception | None:
    for row in rows:
        try:
            with connection.begin_nested():
                _settle_one(connection, row, decide)
        except Exception as problem:  # whatever it is, slots that were sent are marked before it is raised
            if connection.invalidated:  # nothing can be marked any more: they are sent again, under the same ids
                raise
            return problem
    return None


def _settle_one(connection: Connection, row: Row[Any], decide: Callable[[Slot], Fate]) -> None:
    # Marked first: who triggers the schedule meanwhile waits, and opens a new slot once this one is gone.
    terms = {"schedule_id": row.schedule_id, "due": row.due, "delay": LATER.total_seconds()}
    connection.execute(SQL["settle"], {**terms, "fate": Fate.SENT})
    fate = decide(_slot(row))
    if fate is not Fate.SENT:
        connection.execute(SQL["settle"], {**terms, "fate": None if fate is Fate.LATER else fate})


def _open(connection: Connection, row: Row[Any]) -> None:
    found = _schedule(row)
    terms = {"next_due": found.due_after(row.at), "seconds": found.history.total_seconds()}
    connection.execute(SQL["open_slot"], {"schedule_id": found.id, "due": row.next_due, **terms})


def _columns(schedule: Schedule) -> Mapping[str, Any]:
    rhythm = schedule.rhythm
    return {
        "schedule_id": schedule.id,
        "workspace": schedule.workspace,
        "kind": schedule.kind,
        "target": schedule.target,
        "every": rhythm.seconds if isinstance(rhythm, Every) else None,
        "cron": rhythm.expression if isinstance(rhythm, Cron) else None,
        "timezone": rhythm.timezone if isinstance(rhythm, Cron) else "UTC",
        "jitter": schedule.jitter,
        "paused": schedule.paused,
    }


def _schedule(row: Row[Any]) -> Schedule:
    return Schedule(
        id=row.schedule_id,
        workspace=row.workspace,
        kind=row.kind,
        target=row.target,
        rhythm=_rhythm(row),
        jitter=row.jitter,
        paused=row.paused,
        next_due=row.next_due,
    )


def _rhythm(row: Row[Any]) -> Rhythm | None:
    if row.every is not None:
        return Every(row.every)
    return None if row.cron is None else Cron(row.cron, row.timezone)


def _slot(row: Row[Any]) -> Slot:
    return Slot(
        schedule=row.schedule_id,
        due=row.due,
        workspace=row.workspace,
        kind=row.kind,
        target=row.target,
        cause=Cause(row.cause),
        fate=None if row.fate is None else Fate(row.fate),
        settled_at=row.settled_at,
    )
