"""Jobs, from acceptance to outcome."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from packsys.errors import IdempotencyMismatch, NotFound
from packsys.model import Job, JobState
from packsys.store import tables
from packsys.store.database import Database
from packsys.store.queries import QUERIES
from packsys.values import ErrorValue, Value


class PostgresJobs:
    """Keeps jobs in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def accept(self, job: Job, *, idempotency_key: str | None = None, fingerprint: str = "") -> Job:
        """Keeps a new job, or gives back the one that this key was accepted with.

        Its times are the database's: the job is accepted now, and has as long as it was given. Of several requests
        with one key at the same time, one is kept and the others wait for it.
        """
        with self._database.connect() as connection:
            kept = begin(connection, job, idempotency_key=idempotency_key, fingerprint=fingerprint)
            if kept is not None:
                return kept
            earlier = connection.execute(_by_key(job.workspace, idempotency_key)).one()
        if earlier.fingerprint != fingerprint:
            raise IdempotencyMismatch()
        return _job(earlier)

    def get(self, job: str, *, workspace: str | None = None) -> Job:
        """Finds a job; raises NotFound when it is absent or another workspace's."""
        with self._database.connect() as connection:
            row = connection.execute(select(tables.job).where(tables.job.c.id == job)).one_or_none()
        if row is None or workspace not in (None, row.workspace):
            raise NotFound(f"There is no job {job!r} here: look at its id.")
        return _job(row)

    def finish(self, job: str, outcome: Value) -> bool:
        """Ends a live job as done, or as failed when the outcome is an error value; False when it had ended."""
        state = JobState.FAILED if isinstance(outcome, ErrorValue) else JobState.DONE
        with self._database.connect() as connection:
            return end(connection, job, state, outcome)

    def cancel(self, job: str) -> bool:
        """Ends a live job as cancelled; False when it had ended."""
        with self._database.connect() as connection:
            return end(connection, job, JobState.CANCELLED)


def begin(connection: Connection, job: Job, *, idempotency_key: str | None, fingerprint: str) -> Job | None:
    """Keeps a new job; None when its workspace has used the key before."""
    terms = {
        "id": job.id,
        "workspace": job.workspace,
        "idempotency_key": idempotency_key,
        "fingerprint": fingerprint,
        "formula": job.formula,
        "tree": job.tree,
        "variables": job.variables,
        "asked_by": job.asked_by,
        "timezone": job.timezone,
        "callback": job.callback,
        "seconds": (job.deadline - job.accepted_at).total_seconds(),
    }
    row = connection.execute(QUERIES["accept"], terms).one_or_none()
    return None if row is None else _job(row)


def end(connection: Connection, job: str, state: JobState, outcome: Value = None) -> bool:
    """Ends a live job; False when it had ended."""
    code = outcome.code if isinstance(outcome, ErrorValue) else None
    terms = {"job": job, "state": state, "outcome": outcome, "code": code}
    return connection.execute(QUERIES["finish"], terms).one_or_none() is not None


def _by_key(workspace: str, idempotency_key: str | None) -> Any:
    columns = tables.job.c
    return select(tables.job).where(columns.workspace == workspace, columns.idempotency_key == idempotency_key)


def _job(row: Row[Any]) -> Job:
    state = JobState(row.state)
    return Job(
        id=row.id,
        workspace=row.workspace,
        formula=row.formula,
        tree=row.tree,
        variables=row.variables,
        asked_by=row.asked_by,
        timezone=row.timezone,
        accepted_at=row.accepted_at,
        deadline=row.deadline,
        state=state,
        started_at=row.started_at,
        finished_at=row.finished_at,
        value=row.outcome if state is JobState.DONE else None,
        error=row.outcome if state is JobState.FAILED else None,
        callback=row.callback,
    )
