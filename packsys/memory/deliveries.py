"""The twins of deliveries and of what they are signed with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock

from packsys.memory.ledger import DeliveryFile, Ledger
from packsys.model import Delivery, DeliveryState, WebhookSecret


class MemoryDeliveries:
    """Keeps deliveries in a ledger, which writes them when a job ends."""

    def __init__(self, ledger: Ledger, *, most: int = 32, share: int = 8) -> None:
        """Takes the ledger, and how many may be under way at once: of all, and of one workspace."""
        self._ledger, self._most, self._share = ledger, most, share

    def take(self, *, limit: int, lease: float) -> Sequence[Delivery]:
        """Takes due deliveries for ``lease`` seconds, those of different workspaces in turn."""
        now = self._ledger.now()
        with self._ledger.open() as files:
            known = [file.delivery for file in files.values() if file.delivery is not None]
            chosen = self._chosen(known, limit, now)
            for each in chosen:
                row = each.row
                each.row = replace(row, attempt=row.attempt + 1, tries=row.tries + 1)
                each.lease_until = now + timedelta(seconds=lease)
            return tuple(each.row for each in chosen)

    def delivered(self, delivery: Delivery, *, status: int) -> bool:
        """Ends one that was taken; False, and nothing written, when another has taken it since."""
        now = self._ledger.now()
        return self._settle(delivery, DeliveryState.DELIVERED, status=status, delivered_at=now)

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
        with self._ledger.open() as files:
            rows = [file.delivery.row for file in files.values() if file.delivery is not None]
        own = [row for row in rows if row.workspace == workspace and state in (None, row.state)]
        later = [row for row in own if before is None or row.job < before]
        return tuple(sorted(later, key=lambda row: row.job, reverse=True)[:limit])

    def retry(self, job: str, *, workspace: str) -> Delivery | None:
        """Makes a delivery due now, whatever became of it before; None when there is none."""
        with self._ledger.open() as files:
            kept = files[job].delivery if job in files else None
            if kept is None or kept.row.workspace != workspace:
                return None
            kept.row = replace(
                kept.row, state=DeliveryState.PENDING, tries=0, due_at=self._ledger.now(), delivered_at=None
            )
            return kept.row

    def _chosen(self, known: Sequence[DeliveryFile], limit: int, now: datetime) -> Sequence[DeliveryFile]:
        places = Counter(each.row.workspace for each in known if each.under_way(now))
        room, ranked = min(limit, self._most - places.total()), []
        for each in sorted((each for each in known if each.due(now)), key=lambda each: each.row.due_at):
            places[each.row.workspace] += 1
            ranked.append((places[each.row.workspace], each))
        fitting = sorted((pair for pair in ranked if pair[0] <= self._share), key=lambda pair: pair[0])
        return [each for _, each in fitting[: max(0, room)]]

    def _settle(
        self,
        delivery: Delivery,
        state: DeliveryState,
        *,
        status: int | None,
        reason: str = "",
        delay: float = 0.0,
        delivered_at: datetime | None = None,
    ) -> bool:
        with self._ledger.open() as files:
            kept = files[delivery.job].delivery if delivery.job in files else None
            if kept is None or kept.row.attempt != delivery.attempt or kept.row.state is not DeliveryState.PENDING:
                return False
            due, kept.lease_until = self._ledger.now() + timedelta(seconds=delay), None
            kept.row = replace(
                kept.row, state=state, status=status, reason=reason, due_at=due, delivered_at=delivered_at
            )
            return True


def _utc() -> datetime:
    return datetime.now(UTC)


class MemoryWebhookSecrets:
    """Keeps secrets of workspaces in this process, sealed."""

    def __init__(self, now: Callable[[], datetime] = _utc) -> None:
        """Begins with none; ``now`` tells which have expired."""
        self._now, self._lock = now, Lock()
        self._kept: list[WebhookSecret] = []

    def add(self, secret: WebhookSecret, *, overlap: float) -> None:
        """Keeps a new one; those before it sign for ``overlap`` more seconds at most."""
        now = self._now()
        end = now + timedelta(seconds=overlap)
        with self._lock:
            earlier = [
                replace(each, expires_at=min(each.expires_at or end, end))
                if each.workspace == secret.workspace
                else each
                for each in self._kept
            ]
            self._kept = [replace(secret, created_at=now, expires_at=None), *earlier]

    def current(self, workspace: str) -> Sequence[WebhookSecret]:
        """Lists those that sign now, the newest first."""
        return tuple(each for each in self.every() if each.workspace == workspace)

    def every(self) -> Sequence[WebhookSecret]:
        """Lists those that sign now, of all workspaces."""
        now = self._now()
        signing = [each for each in self._kept if each.expires_at is None or each.expires_at > now]
        return tuple(sorted(signing, key=lambda each: each.workspace))

    def reseal(self, secret: WebhookSecret, *, before: bytes) -> bool:
        """Keeps another seal of the same secret; False when the row holds something else than ``before``."""
        with self._lock:
            for place, each in enumerate(self._kept):
                if (each.workspace, each.id, each.sealed) == (secret.workspace, secret.id, before):
                    self._kept[place] = replace(each, sealed=secret.sealed)
                    return True
        return False
