"""Sign-ins that are under way, and the clients of workspaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from packsys.model import OAuthClient
from packsys.store.database import Database
from packsys.store.tables import oauth_client as clients
from packsys.store.tables import oauth_state as states


class PostgresOAuth:
    """Keeps sign-ins and clients in PostgreSQL, sealed."""

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def begin(self, digest: bytes, sealed: bytes, *, ttl: float) -> None:
        """Keeps a sign-in for ``ttl`` seconds, and forgets those that nobody came back from."""
        until = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, ttl)
        with self._database.begin() as session:
            session.execute(delete(states).where(states.c.expires_at < func.now()))
            session.execute(insert(states).values(digest=digest, sealed=sealed, expires_at=until))

    def take(self, digest: bytes) -> bytes | None:
        """Gives a sign-in once."""
        taken = delete(states).where(states.c.digest == digest)
        with self._database.connect() as session:
            row = session.execute(taken.returning(states.c.sealed, states.c.expires_at > func.now())).one_or_none()
        return row[0] if row is not None and row[1] else None

    def keep_client(self, client: OAuthClient) -> None:
        """Keeps a workspace's client of a pack, in place of an earlier one."""
        row = asdict(client)
        with self._database.connect() as session:
            session.execute(insert(clients).values(row).on_conflict_do_update(constraint=clients.primary_key, set_=row))

    def reseal(self, client: OAuthClient, *, before: bytes) -> bool:
        """Keeps another seal of the same secret; False when the row holds something else than ``before``."""
        own = (getattr(clients.c, name) == value for name, value in asdict(replace(client, sealed=before)).items())
        with self._database.connect() as session:
            changed = update(clients).where(*own).values(sealed=client.sealed).returning(clients.c.pack_id)
            return session.execute(changed).one_or_none() is not None

    def client(self, pack_id: int, *, workspace: str) -> OAuthClient | None:
        """Finds a workspace's client of a pack."""
        asked = select(clients).where(clients.c.pack_id == pack_id, clients.c.workspace == workspace)
        with self._database.connect() as session:
            row = session.execute(asked).one_or_none()
        return None if row is None else OAuthClient(**row._mapping)

    def clients(self) -> Sequence[OAuthClient]:
        """Lists the clients of all workspaces."""
        asked = select(clients).order_by(clients.c.workspace, clients.c.pack_id)
        with self._database.connect() as session:
            return [OAuthClient(**row._mapping) for row in session.execute(asked)]
