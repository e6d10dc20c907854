"""The twins of connections and of their sign-ins."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from packsys.model import AuditEntry, AuditNote, Connection, OAuthClient


def _utc() -> datetime:
    return datetime.now(UTC)


class MemoryConnections:
    """Keeps connected accounts in this process, sealed."""

    def __init__(self, now: Callable[[], datetime] = _utc) -> None:
        """Begins with none; ``now`` tells when leases end."""
        self._kept: dict[tuple[str, str], Connection] = {}
        self._audits: dict[tuple[str, str], list[AuditEntry]] = {}
        self._now = now
        self._lock = threading.RLock()

    def add(self, connection: Connection, *, note: AuditNote | None = None) -> None:
        """Keeps a new connection, or replaces the one with the same id and workspace."""
        with self._lock:
            self._kept[_place(connection)] = connection
            self._write_down(connection, note)

    def get(self, connection: str, *, workspace: str) -> Connection | None:
        """Finds a connection of a workspace by its id."""
        return self._kept.get((workspace, connection))

    def list(self, *, workspace: str) -> Sequence[Connection]:
        """Lists a workspace's connections by name."""
        own = [connection for connection in tuple(self._kept.values()) if connection.workspace == workspace]
        return sorted(own, key=lambda connection: (connection.name, connection.id))

    def replace(self, connection: Connection, *, expected: int, note: AuditNote | None = None) -> bool:
        """Keeps a new form of a connection where the kept one has the version ``expected``."""
        return self._change(connection, lambda kept: kept.version == expected, lambda kept: connection, note)

    def lease(self, connection: Connection, *, owner: str, seconds: float, sent: bytes) -> bool:
        """Takes the right to refresh this version, if it is free and due."""
        now = self._now()

        def free(kept: Connection) -> bool:
            due = all(time is None or time < now for time in (kept.refresh_until, kept.refresh_after))
            return kept.version == connection.version and kept.state.usable and due

        def taken(kept: Connection) -> Connection:
            until = now + timedelta(seconds=seconds)
            return replace(kept, refresh_owner=owner, refresh_until=until, refresh_sent=sent)

        return self._change(connection, free, taken, None)

    def release(self, connection: Connection, *, owner: str, delay: float, note: AuditNote | None = None) -> bool:
        """Gives the right to refresh back, with what became of it."""

        def given_back(kept: Connection) -> Connection:
            return replace(
                kept,
                state=connection.state,
                reason=connection.reason,
                failures=kept.failures + 1,
                refresh_owner=None,
                refresh_until=None,
                refresh_sent=connection.refresh_sent,
                refresh_after=self._now() + timedelta(seconds=delay),
            )

        def held(kept: Connection) -> bool:
            return kept.version == connection.version and kept.refresh_owner == owner

        return self._change(connection, held, given_back, note)

    def touch(self, connection: Connection) -> None:
        """Keeps now as the time of the last use."""
        now = self._now()
        self._change(connection, lambda kept: True, lambda kept: replace(kept, last_used_at=now), None)

    def after(self, place: tuple[str, str], *, limit: int) -> Sequence[Connection]:
        """Lists connections of all workspaces by workspace and id."""
        return [self._kept[key] for key in sorted(self._kept) if key > place][:limit]

    def reseal(self, connection: Connection, *, before: bytes) -> bool:
        """Keeps another seal of the same secret."""

        def same(kept: Connection) -> bool:
            return kept.version == connection.version and kept.sealed == before

        return self._change(connection, same, lambda kept: replace(kept, sealed=connection.sealed), None)

    def audit(self, connection: str, *, workspace: str) -> Sequence[AuditEntry]:
        """Lists what happened to a connection, oldest first."""
        return tuple(self._audits.get((workspace, connection), ()))

    def _change(
        self,
        connection: Connection,
        fits: Callable[[Connection], bool],
        changed: Callable[[Connection], Connection],
        note: AuditNote | None,
    ) -> bool:
        with self._lock:
            kept = self._kept.get(_place(connection))
            if kept is None or not fits(kept):
                return False
            self._kept[_place(connection)] = changed(kept)
            self._write_down(connection, note)
            return True

    def _write_down(self, connection: Connection, note: AuditNote | None) -> None:
        if note is None:
            return
        lines = self._audits.setdefault(_place(connection), [])
        entry = AuditEntry(
            workspace=connection.workspace,
            connection=connection.id,
            number=len(lines) + 1,
            version=connection.version,
            note=note,
        )
        lines.append(replace(entry, digest=entry.chained(lines[-1].digest if lines else b"")))


class MemoryOAuth:
    """Keeps sign-ins and clients in this process, sealed."""

    def __init__(self, now: Callable[[], datetime] = _utc) -> None:
        """Begins with none; ``now`` tells when a sign-in is too old."""
        self._now = now
        self._states: dict[bytes, tuple[bytes, datetime]] = {}
        self._clients: dict[tuple[str, int], OAuthClient] = {}

    def begin(self, digest: bytes, sealed: bytes, *, ttl: float) -> None:
        """Keeps a sign-in for ``ttl`` seconds."""
        self._states[digest] = (sealed, self._now() + timedelta(seconds=ttl))

    def take(self, digest: bytes) -> bytes | None:
        """Gives a sign-in once."""
        sealed, until = self._states.pop(digest, (b"", self._now()))
        return sealed if until > self._now() else None

    def keep_client(self, client: OAuthClient) -> None:
        """Keeps a workspace's client of a pack, in place of an earlier one."""
        self._clients[client.workspace, client.pack_id] = client

    def reseal(self, client: OAuthClient, *, before: bytes) -> bool:
        """Keeps another seal of the same secret; False when the row holds something else than ``before``."""
        same = self._clients.get((client.workspace, client.pack_id)) == replace(client, sealed=before)
        if same:
            self.keep_client(client)
        return same

    def client(self, pack_id: int, *, workspace: str) -> OAuthClient | None:
        """Finds a workspace's client of a pack."""
        return self._clients.get((workspace, pack_id))

    def clients(self) -> Sequence[OAuthClient]:
        """Lists the clients of all workspaces."""
        return [self._clients[key] for key in sorted(self._clients)]


def _place(connection: Connection) -> tuple[str, str]:
    return connection.workspace, connection.id
