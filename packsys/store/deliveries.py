"""Messages about jobs that ended, on their way to callbacks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from packsys.model import Delivery, DeliveryState, Subject
from packsys.store.database import Database
from packsys.store.queries import load
from packsys.store.tables import delivery as table

QUERIES = load(Path(__file__).with_name("deliveries.sql"))

MOST = 32
"""Deliveries that are under way at once, in all processes: as many as two tasks take."""

SHARE = 8
"""Deliveries of one workspace that are under way at once."""


class PostgresDeliveries:
    """Keeps deliveries in PostgreSQL; the statement that ends a job writes them.

    A delivery's fencing number is its ``attempt``: whoever takes it again makes every earlier taker write nothing.
    """

    def __init__(self, database: Database, *, most: int = MOST, share: int = SHARE) -> None:
        """Takes the way to the database, and how many may be under way at once: of all, and of one workspace."""
        self._database, self._bounds = database, {"most": most, "share": share}

    def take(self, *, limit: int, lease: float) -> Sequence[Delivery]:
        """Takes due deliveries for ``lease`` seconds, those of different workspaces in turn."""
        terms = {"limit": limit, "lease": lease, **self._bounds}
        with self._database.connect() as connection:
            return tuple(map(_delivery, connection.execute(QUERIES["take"], terms)))

    def delivered(self, delivery: Delivery, *, status: int) -> bool:
        """Ends one that was taken; False, and nothing written, when another has taken it since."""
        return self._settle(delivery, DeliveryState.DELIVERED, status=status)

    def postpone(self, delivery: Delivery, *, delay: float, status: int | None, reason: str) -> bool:
        """Gives one back, to be due in ``delay`` seconds; False when another has taken it since."""
        return self._settle(delivery, DeliveryState.PENDING, delay=delay, status=status, reason=reason)

    def bury(self, delivery: Delivery, *, status: int | None, reason: str) -> bool:
        """Gives one up; False when another has taken it since."""
        return self._settle(delivery, DeliveryState.DEAD, status=status, reason=reason)

    def list(
        self, *, workspace: str, state: DeliveryState | None = None, before: str | None = None, limit: int = 100
    ) -> Sequence[Delivery]:
        """Lists a workspace's deliveries, those of the newest jobs first."""
        asked = select(table).where(table.c.workspace == workspace).order_by(table.c.job.desc()).limit(limit)
        if state is not None:
            asked = asked.where(table.c.state == state)
        if before is not None:
            asked = asked.where(table.c.job < before)
        with self._database.connect() as connection:
            return tuple(map(_delivery, connection.execute(asked)))

    def retry(self, job: str, *, workspace: str) -> Delivery | None:
        """Makes a delivery due now, whatever became of it before; None when there is none."""
        with self._database.connect() as connection:
            row = connection.execute(QUERIES["again"], {"job": job, "workspace": workspace}).one_or_none()
        return None if row is None else _delivery(row)

    def _settle(
        self, delivery: Delivery, state: DeliveryState, *, status: int | None, reason: str = "", delay: float = 0.0
    ) -> bool:
        terms = {"job": delivery.job, "attempt": delivery.attempt, "state": state, "status": status}
        with self._database.connect() as connection:
            ended = connection.execute(QUERIES["settle"], {**terms, "reason": reason, "delay": delay})
            return ended.one_or_none() is not None


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        job=row.job,
        about=Subject(row.about),
        workspace=row.workspace,
        url=row.url,
        state=DeliveryState(row.state),
        attempt=row.attempt,
        tries=row.tries,
        due_at=row.due_at,
        delivered_at=row.delivered_at,
        status=row.status,
        reason=row.reason,
    )
