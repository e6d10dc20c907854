"""Connected accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert

from packsys.model import Connection, ConnectionState
from packsys.store.database import Database
from packsys.store.tables import connection as table


class PostgresConnections:
    """Keeps connected accounts in PostgreSQL, sealed."""

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def add(self, connection: Connection) -> None:
        """Keeps a new connection, or replaces the one with the same id and workspace."""
        row = {field.name: getattr(connection, field.name) for field in fields(connection)}
        insertion = insert(table).values(row)
        with self._database.connect() as session:
            session.execute(insertion.on_conflict_do_update(constraint=table.primary_key, set_=row))

    def get(self, connection: str, *, workspace: str) -> Connection | None:
        """Finds a connection of a workspace by its id."""
        asked = select(table).where(table.c.workspace == workspace, table.c.id == connection)
        with self._database.connect() as session:
            row = session.execute(asked).one_or_none()
        return None if row is None else _connection(row)

    def list(self, *, workspace: str) -> Sequence[Connection]:
        """Lists a workspace's connections by name."""
        asked = select(table).where(table.c.workspace == workspace).order_by(table.c.name, table.c.id)
        with self._database.connect() as session:
            return tuple(map(_connection, session.execute(asked)))


def _connection(row: Row[Any]) -> Connection:
    return Connection(**{**row._mapping, "state": ConnectionState(row.state)})
