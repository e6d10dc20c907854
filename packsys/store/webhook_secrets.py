"""What messages are signed with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, func, insert, or_, select, update

from packsys.model import WebhookSecret
from packsys.store.database import Database
from packsys.store.tables import webhook_secret as table


class PostgresWebhookSecrets:
    """Keeps secrets of workspaces in PostgreSQL, sealed; one that has expired stays until its workspace goes."""

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def add(self, secret: WebhookSecret, *, overlap: float) -> None:
        """Keeps a new one; those before it sign for ``overlap`` more seconds at most."""
        end = func.now() + timedelta(seconds=overlap)
        earlier = update(table).where(table.c.workspace == secret.workspace)
        new = {"workspace": secret.workspace, "id": secret.id, "sealed": secret.sealed, "created_at": func.now()}
        with self._database.begin() as connection:
            connection.execute(earlier.values(expires_at=func.least(func.coalesce(table.c.expires_at, end), end)))
            connection.execute(insert(table).values(new))

    def current(self, workspace: str) -> Sequence[WebhookSecret]:
        """Lists those that sign now, the newest first."""
        return self._those(table.c.workspace == workspace)

    def every(self) -> Sequence[WebhookSecret]:
        """Lists those that sign now, of all workspaces."""
        return self._those()

    def reseal(self, secret: WebhookSecret, *, before: bytes) -> bool:
        """Keeps another seal of the same secret; False when the row holds something else than ``before``."""
        own = (table.c.workspace == secret.workspace, table.c.id == secret.id, table.c.sealed == before)
        with self._database.connect() as connection:
            changed = connection.execute(update(table).where(*own).values(sealed=secret.sealed).returning(table.c.id))
            return changed.one_or_none() is not None

    def _those(self, *which: ColumnElement[bool]) -> Sequence[WebhookSecret]:
        signing = or_(table.c.expires_at.is_(None), table.c.expires_at > func.now())
        asked = select(table).where(signing, *which).order_by(table.c.workspace, table.c.created_at.desc(), table.c.id)
        with self._database.connect() as connection:
            return tuple(WebhookSecret(**row._mapping) for row in connection.execute(asked))
