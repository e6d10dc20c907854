"""What happened to jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from packsys.model import Event, EventKind
from packsys.store.database import Database
from packsys.store.tables import event as table

_NUMBERS = 2**31 - 1
"""The largest number that the column holds; who asks may name any."""


class PostgresEvents:
    """Reads events from PostgreSQL; they are written by the statements that make them happen."""

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def since(self, job: str, number: int) -> Sequence[Event]:
        """Lists a job's events after the given number, oldest first."""
        known = max(0, min(number, _NUMBERS))
        asked = select(table).where(table.c.job == job, table.c.number > known).order_by(table.c.number)
        with self._database.connect() as connection:
            return tuple(map(_event, connection.execute(asked)))


def _event(row: Row[Any]) -> Event:
    return Event(
        job=row.job,
        number=row.number,
        at=row.at,
        kind=EventKind(row.kind),
        step=row.step,
        detail=row.detail,
    )
