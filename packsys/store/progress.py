"""How far jobs are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from packsys.model import Progress, StepState, Waiting, waiting_by_cause
from packsys.store.database import Database
from packsys.store.queries import load

QUERIES = load(Path(__file__).with_name("progress.sql"))


class PostgresProgress:
    """Counts steps in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def of(self, job: str) -> Progress:
        """Tells how far a job is; why steps wait is looked for only where some do."""
        with self._database.connect() as connection:
            rows = connection.execute(QUERIES["counts"], {"job": job}).all()
            waits = connection.execute(QUERIES["waits"], {"job": job}).all() if _waiting(rows) else ()
        return Progress(
            **{StepState(row.state).value: row.steps for row in rows},
            cached=sum(row.hits for row in rows),
            waves=max((row.wave for row in rows), default=0),
            waits=_by_cause(waits),
        )


def _waiting(rows: Sequence[Row[Any]]) -> bool:
    return any(row.state == StepState.WAITING for row in rows)


def _by_cause(rows: Sequence[Row[Any]]) -> Sequence[Waiting]:
    return waiting_by_cause((str(row.detail["cause"]), row.seconds) for row in rows)
