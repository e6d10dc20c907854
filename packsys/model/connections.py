"""Connected accounts, and what happened to each."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum


class ConnectionState(StrEnum):
    """Says whether an account can be used; ``refreshing`` and ``expired`` follow from the clock and are never kept."""

    PENDING = "pending"
    ACTIVE = "active"
    REFRESHING = "refreshing"
    EXPIRED = "expired"
    ERROR = "error"
    NEEDS_REAUTH = "needs_reauth"
    REVOKED = "revoked"

    @property
    def usable(self) -> bool:
        """Tells whether calls may be made with it, be it after a refresh: the last one may have failed for a while."""
        return self not in (ConnectionState.PENDING, ConnectionState.NEEDS_REAUTH, ConnectionState.REVOKED)


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Is one connected account; ``sealed`` is its secret as the vault wrote it.

    ``endpoint`` replaces the pack's base URL, for services that people host themselves. ``version`` counts how often
    the secret was changed. ``reason`` says in a word why the state is what it is, ``expires_at`` when its access
    token ends. The rest is about refreshes: who holds the right to one and until when, the digest of the token that
    was last sent and not answered, how many failed in a row, and when the next may be tried.
    """

    id: str
    workspace: str
    pack_id: int
    name: str
    sealed: bytes = field(repr=False)
    endpoint: str = ""
    state: ConnectionState = ConnectionState.ACTIVE
    version: int = 1
    reason: str = ""
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    refresh_owner: str | None = None
    refresh_until: datetime | None = None
    refresh_sent: bytes | None = field(default=None, repr=False)
    refresh_after: datetime | None = None
    failures: int = 0

    def state_at(self, now: datetime) -> ConnectionState:
        """Gives the state as people see it at a time."""
        if not self.state.usable:
            return self.state
        if self.refresh_until is not None and self.refresh_until > now:
            return ConnectionState.REFRESHING
        if self.expires_at is not None and self.expires_at <= now:
            return ConnectionState.EXPIRED
        return self.state


@dataclass(frozen=True, kw_only=True)
class AuditNote:
    """Is what is to be written down about a change: who made it, what it was, and from where."""

    actor: str
    action: str
    at: datetime
    source: str = ""
    remark: str = ""


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """Is one line of a connection's history, numbered from 1; its ``digest`` is over itself and the one before."""

    workspace: str
    connection: str
    number: int
    version: int
    note: AuditNote
    digest: bytes = field(default=b"", repr=False)

    def chained(self, previous: bytes) -> bytes:
        """Gives the digest that the line must have after one with the digest ``previous``."""
        said = self.note
        parts = [previous.hex(), self.workspace, self.connection, self.number, self.version]
        words = [said.at.astimezone(UTC).isoformat(), said.actor, said.action, said.source, said.remark]
        return hashlib.sha256(json.dumps([*parts, *words]).encode()).digest()


@dataclass(frozen=True, kw_only=True)
class OAuthClient:
    """Is what a workspace is to the service of a pack: its client id, and its secret as the vault wrote it."""

    workspace: str
    pack_id: int
    client_id: str
    sealed: bytes = field(repr=False)
