"""API keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from packsys.errors import Conflict
from packsys.model import Key
from packsys.store.database import Database
from packsys.store.light import Light
from packsys.store.tables import api_key as table

_VALID = Light(select(table).where(table.c.id == bindparam("id"), table.c.revoked_at.is_(None)))


class PostgresKeys:
    """Keeps API keys in PostgreSQL, hashed."""

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def add(self, key: Key, digest: bytes) -> None:
        """Keeps a new key with the SHA-256 of its secret; raises Conflict when there is one with its id."""
        row = {"id": key.id, "workspace": key.workspace, "name": key.name, "created_at": key.created_at}
        values = insert(table).values(**row, scopes=list(key.scopes), digest=digest)
        insertion = values.on_conflict_do_nothing().returning(table.c.id)
        with self._database.connect() as session:
            if session.execute(insertion).one_or_none() is None:
                raise Conflict(f"There is an API key with the id {key.id} already: make a new one.")

    def find(self, key_id: str) -> tuple[Key, bytes] | None:
        """Finds a key that is not revoked, with its digest."""
        found = _VALID.alone(self._database.direct, {"id": key_id})
        return (_key(found[0]), found[0].digest) if found else None

    def list(self, *, workspace: str) -> Sequence[Key]:
        """Lists a workspace's keys, oldest first, with the revoked ones."""
        asked = select(table).where(table.c.workspace == workspace).order_by(table.c.created_at, table.c.id)
        with self._database.connect() as session:
            return tuple(map(_key, session.execute(asked)))

    def revoke(self, key_id: str) -> bool:
        """Ends a key; False when there is none, or none any more."""
        ended = update(table).where(table.c.id == key_id, table.c.revoked_at.is_(None)).values(revoked_at=func.now())
        with self._database.connect() as session:
            return session.execute(ended.returning(table.c.id)).one_or_none() is not None


def _key(row: Row[Any]) -> Key:
    return Key(
        id=row.id,
        workspace=row.workspace,
        name=row.name,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        scopes=tuple(row.scopes),
    )
