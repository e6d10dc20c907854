"""Finds jobs and steps that stand still."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row

from packsys.errors import DeadlineExceeded, WorkerLost
from packsys.model import Event, EventKind, JobState, Priority, Route, Stall, StepState
from packsys.store.database import Database
from packsys.store.queries import QUERIES
from packsys.store.telling import ended, told
from packsys.values import ErrorValue, Value

LIMIT = 1000
"""Rows that one transaction takes on; what is left is found the next time."""

DOUBLINGS = 10
"""How often at most the wait doubles after which a step that was sent is sent again."""


class PostgresUpkeep:
    """Looks for what stands still in PostgreSQL.

    Rows that another process works on are passed over, so that several may look at once and find a thing once.
    """

    def __init__(self, database: Database, *, told: Callable[[Sequence[Event]], None]) -> None:
        """Takes the way to the database, and who is told of events once they are committed."""
        self._database, self._told = database, told

    def expire(self) -> Sequence[str]:
        """Fails the jobs whose deadline has passed as ``DeadlineExceeded``, and lists them."""
        with self._database.begin() as connection:
            late = connection.execute(QUERIES["late"], {"limit": LIMIT}).all()
            events = {row.id: _fail(connection, row.id, row.seconds) for row in late}
        self._told([event for each in events.values() for event in each])
        return tuple(job for job, each in events.items() if each)

    def release(self, *, attempts: int) -> Sequence[Stall]:
        """Queues steps whose lease ran out; the ones tried ``attempts`` times fail as ``WorkerLost``.

        A stall without steps is a job whose lost steps have all failed, so that it must advance.
        """
        with self._database.begin() as connection:
            lost = connection.execute(QUERIES["lost"], {"limit": LIMIT}).all()
            released = [(job, route, _release(connection, job, keys, attempts)) for job, route, keys in _by_job(lost)]
        self._told([event for job, _, rows in released for row in rows for event in _events(job, row)])
        return tuple(_stall(job, route, rows) for job, route, rows in released if rows)

    def stalled(self, *, grace: float, patient: bool = True) -> Sequence[Stall]:
        """Lists due steps that nobody took, and jobs that nobody advances, for ``grace`` seconds.

        Marks them as sent now. Who is ``patient`` is listed the same step only after twice as long each time.
        """
        terms = {"grace": grace, "doublings": DOUBLINGS if patient else 0, "limit": LIMIT}
        with self._database.connect() as connection:
            steps = connection.execute(QUERIES["stalled_steps"], terms).all()
            jobs = connection.execute(QUERIES["stalled_jobs"], terms).all()
        untaken = (Stall(job, keys, "step.untaken", route) for job, route, keys in _by_job(steps))
        return (*untaken, *(Stall(row.id, (), "job.unadvanced", _route(row)) for row in jobs))


def _fail(connection: Connection, job: str, seconds: float) -> Sequence[Event]:
    outcome = ErrorValue.of(DeadlineExceeded.after(seconds))
    terms = {"job": job, "outcome": outcome, "code": outcome.code}
    return ended(job, JobState.FAILED, outcome.code, connection.execute(QUERIES["expire"], terms).one())


def _release(connection: Connection, job: str, keys: Sequence[str], attempts: int) -> Sequence[Row[Any]]:
    outcome = ErrorValue.of(WorkerLost.after(attempts))
    terms = {"job": job, "keys": list(keys), "attempts": attempts, "outcome": outcome, "code": outcome.code}
    return connection.execute(QUERIES["release"], terms).all()


def _events(job: str, row: Row[Any]) -> Sequence[Event]:
    code = WorkerLost.__name__
    detail: dict[str, Value] = {"cause": code} if row.state == StepState.QUEUED else {"cached": False, "code": code}
    return told(job, EventKind(f"step.{row.state}"), row.key, number=row.number, at=row.at, **detail)


def _stall(job: str, route: Route, rows: Sequence[Row[Any]]) -> Stall:
    return Stall(job, tuple(row.key for row in rows if row.state == StepState.QUEUED), "worker.lost", route)


def _by_job(rows: Iterable[Row[Any]]) -> Iterable[tuple[str, Route, tuple[str, ...]]]:
    for job, found in groupby(rows, key=lambda row: row.job):
        steps = list(found)
        yield job, _route(steps[0]), tuple(step.key for step in steps)


def _route(row: Row[Any]) -> Route:
    return Route(row.workspace, Priority(row.priority))
