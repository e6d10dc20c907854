"""Sockets for connected accounts and for signing in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from packsys.model import AuditEntry, AuditNote, Connection, OAuthClient


class ConnectionStore(Protocol):
    """Keeps connected accounts, sealed, and what happened to each.

    A ``note`` is written down together with the change, or neither is.
    """

    def add(self, connection: Connection, *, note: AuditNote | None = None) -> None:
        """Keeps a new connection, or replaces the one with the same id and workspace."""

    def get(self, connection: str, *, workspace: str) -> Connection | None:
        """Finds a connection of a workspace by its id."""

    def list(self, *, workspace: str) -> Sequence[Connection]:
        """Lists a workspace's connections by name."""

    def replace(self, connection: Connection, *, expected: int, note: AuditNote | None = None) -> bool:
        """Keeps a new form of a connection; False, and nothing written, when its version is not ``expected`` now."""

    def lease(self, connection: Connection, *, owner: str, seconds: float, sent: bytes) -> bool:
        """Takes the right to refresh this version, and keeps the digest of the token that is about to be sent.

        False when another holds it, the version is another, the account cannot be used any more, or the time of the
        next attempt has not come.
        """

    def release(self, connection: Connection, *, owner: str, delay: float, note: AuditNote | None = None) -> bool:
        """Gives the right back after a refresh that brought nothing: keeps state and reason, counts the failure.

        The next may be tried in ``delay`` seconds. False when the right was lost.
        """

    def touch(self, connection: Connection) -> None:
        """Keeps now as the time when the connection was last used."""

    def after(self, place: tuple[str, str], *, limit: int) -> Sequence[Connection]:
        """Lists connections of all workspaces by workspace and id, from behind a place; ``("", "")`` is the start."""

    def reseal(self, connection: Connection, *, before: bytes) -> bool:
        """Keeps another seal of the same secret; False when the row holds something else than ``before``."""

    def audit(self, connection: str, *, workspace: str) -> Sequence[AuditEntry]:
        """Lists what happened to a connection, oldest first; entries are never changed."""


class OAuthStore(Protocol):
    """Keeps sign-ins that are under way, and what workspaces are to the services they sign in at."""

    def begin(self, digest: bytes, sealed: bytes, *, ttl: float) -> None:
        """Keeps a sign-in for ``ttl`` seconds, under the digest of its state."""

    def take(self, digest: bytes) -> bytes | None:
        """Gives a sign-in once, and forgets it; None when it is unknown, taken or too old."""

    def keep_client(self, client: OAuthClient) -> None:
        """Keeps a workspace's client of a pack, in place of an earlier one."""

    def reseal(self, client: OAuthClient, *, before: bytes) -> bool:
        """Keeps another seal of the same secret; False when the row holds something else than ``before``."""

    def client(self, pack_id: int, *, workspace: str) -> OAuthClient | None:
        """Finds a workspace's client of a pack."""

    def clients(self) -> Sequence[OAuthClient]:
        """Lists the clients of all workspaces."""
