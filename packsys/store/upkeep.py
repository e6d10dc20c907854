"""Finds jobs and steps that stand still."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row

from packsys.errors import DeadlineExceeded, WorkerLost
from packsys.model import JobState, Stall, StepState
from packsys.store.database import Database
from packsys.store.jobs import end
from packsys.store.queries import QUERIES
from packsys.values import ErrorValue

LIMIT = 1000
"""Rows that one transaction takes on; what is left is found the next time."""


class PostgresUpkeep:
    """Looks for what stands still in PostgreSQL.

    Rows that another process works on are passed over, so that several may look at once and find a thing once.
    """

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def expire(self) -> Sequence[str]:
        """Fails the jobs whose deadline has passed as ``DeadlineExceeded``, and lists them."""
        with self._database.begin() as connection:
            late = connection.execute(QUERIES["late"], {"limit": LIMIT}).all()
            return tuple(row.id for row in late if _fail(connection, row.id, row.seconds))

    def release(self, *, attempts: int) -> Sequence[Stall]:
        """Queues steps whose lease ran out; the ones tried ``attempts`` times fail as ``WorkerLost``.

        A stall without steps is a job whose lost steps have all failed, so that it must advance.
        """
        with self._database.begin() as connection:
            lost = connection.execute(QUERIES["lost"], {"limit": LIMIT}).all()
            released = [_release(connection, job, keys, attempts) for job, keys in _by_job(lost)]
        return tuple(stall for stall in released if stall)

    def stalled(self, *, grace: float) -> Sequence[Stall]:
        """Lists due steps that nobody took, and jobs that nobody advances, for ``grace`` seconds."""
        terms = {"grace": grace, "limit": LIMIT}
        with self._database.connect() as connection:
            steps = connection.execute(QUERIES["stalled_steps"], terms).all()
            jobs = connection.execute(QUERIES["stalled_jobs"], terms).all()
        untaken = (Stall(job, keys, "step.untaken") for job, keys in _by_job(steps))
        return (*untaken, *(Stall(row.id, (), "job.unadvanced") for row in jobs))


def _fail(connection: Connection, job: str, seconds: float) -> bool:
    return end(connection, job, JobState.FAILED, ErrorValue.of(DeadlineExceeded.after(seconds)))


def _release(connection: Connection, job: str, keys: Sequence[str], attempts: int) -> Stall | None:
    outcome = ErrorValue.of(WorkerLost.after(attempts))
    terms = {"job": job, "keys": list(keys), "attempts": attempts, "outcome": outcome, "code": outcome.code}
    rows = connection.execute(QUERIES["release"], terms).all()
    queued = tuple(row.key for row in rows if row.state == StepState.QUEUED)
    return Stall(job, queued, "worker.lost") if rows else None


def _by_job(rows: Iterable[Row[Any]]) -> Iterable[tuple[str, tuple[str, ...]]]:
    for job, steps in groupby(rows, key=lambda row: row.job):
        yield job, tuple(step.key for step in steps)
