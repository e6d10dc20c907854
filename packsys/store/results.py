"""Results that are good for long, where they outlive a cache server."""

from __future__ import annotations

from collections.abc import Sequence

from packsys.ports import Kept
from packsys.store.database import Database
from packsys.store.queries import QUERIES
from packsys.values import Value


class PostgresResults:
    """Keeps results in PostgreSQL: :class:`~packsys.ports.LastingResults`.

    Each has the stamp under which it was asked for, so that one which comes after a tag was forgotten is never found.
    """

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def look(self, name: str, *, tags: Sequence[str]) -> tuple[Kept | None, int]:
        """Finds a fresh result, and tells the state of the tags."""
        with self._database.connect() as connection:
            row = connection.execute(QUERIES["look_result"], {"name": name, "tags": list(tags)}).one()
        return (None if row.name is None else Kept(value=row.outcome, fresh_for=row.seconds)), row.stamp

    def put(self, name: str, value: Value, *, tags: Sequence[str], stamp: int, ttl: float) -> None:
        """Keeps a result for ``ttl`` seconds; one whose tags were forgotten since the stamp is kept and not found."""
        terms = {"name": name, "outcome": value, "tags": list(tags), "stamp": stamp, "seconds": ttl}
        with self._database.connect() as connection:
            connection.execute(QUERIES["put_result"], terms).all()

    def forget(self, tags: Sequence[str]) -> None:
        """Forgets whatever has one of the tags, and what is on its way."""
        with self._database.connect() as connection:
            connection.execute(QUERIES["forget_results"], {"tags": list(tags)}).all()
