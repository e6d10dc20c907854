"""Figures about the whole system, as PostgreSQL knows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection, text

from packsys.ports import Sample, Series
from packsys.store.database import Database
from packsys.store.queries import load

QUERIES = load(Path(__file__).with_name("metering.sql"))
NAMES = ("meter_jobs", "meter_deliveries", "meter_syncs", "meter_schedules")

MOST = 100_000
"""Rows that one figure counts at most, so that its cost has an end: what is shown as this many may be more."""

PATIENCE = 2
"""Seconds that one statement may take: who scrapes waits for ten by default, and for all of them."""


class PostgresMeter:
    """Reads figures from PostgreSQL: :class:`~packsys.ports.Meter`."""

    def __init__(self, database: Database, *, most: int = MOST) -> None:
        """Takes the way to the database, and how many rows one figure counts at most."""
        self._database, self._most = database, most

    def read(self) -> Sequence[Sample]:
        """Reads them in one transaction; raises NotReady."""
        with self._database.begin() as connection:
            connection.execute(text(f"set local statement_timeout = '{PATIENCE}s'"))
            return [sample for name in NAMES for sample in self._samples(connection, name)]

    def _samples(self, connection: Connection, name: str) -> Iterator[Sample]:
        for metric, one, two, figure in connection.execute(QUERIES[name], {"limit": self._most}):
            yield Sample(Series(metric, tuple(label for label in (one, two) if label is not None)), figure)
