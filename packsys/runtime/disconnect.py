"""Ends an account: at its service, and here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from packsys.connections.contents import Tokens, read
from packsys.connections.grants import Client
from packsys.connections.mint import Mint
from packsys.connections.vault import Vault
from packsys.errors import Conflict, NotFound, SealBroken
from packsys.model import AuditNote, Connection, ConnectionState, PackVersion
from packsys.ports import ConnectionStore, OAuthStore, PackStore
from packsys.runtime.clients import client_of

log = logging.getLogger(__name__)

_TRIES = 5


@dataclass(frozen=True, kw_only=True)
class Disconnect:
    """Throws the secret of an account away, and tells the service to end its tokens where it takes that (RFC 7009)."""

    packs: PackStore
    connections: ConnectionStore
    oauth: OAuthStore
    vault: Vault
    mint: Mint
    now: Callable[[], datetime]

    def __call__(self, connection: str, *, workspace: str, by: str = "", source: str = "") -> Connection:
        """Gives the connection, revoked; once is enough. Raises NotFound."""
        for _ in range(_TRIES):
            kept = self.connections.get(connection, workspace=workspace)
            if kept is None:
                raise NotFound(f"There is no connection {connection[:100]!r} in this workspace.")
            if kept.state is ConnectionState.REVOKED:
                return kept
            if ended := self._ended(kept, by, source):
                return ended
        raise Conflict("The connection is being refreshed: try again.")

    def _ended(self, kept: Connection, by: str, source: str) -> Connection | None:
        # First here: from now on nobody uses the secret, and a refresh under way cannot be kept.
        ended = replace(
            kept,
            state=ConnectionState.REVOKED,
            sealed=b"",
            version=kept.version + 1,
            reason="",
            expires_at=None,
            refresh_owner=None,
            refresh_until=None,
            refresh_sent=None,
        )
        note = AuditNote(actor=by, action="revoked", at=self.now(), source=source)
        if not self.connections.replace(ended, expected=kept.version, note=note):
            return None
        self._tell_service(kept, ended)
        return ended

    def _tell_service(self, kept: Connection, ended: Connection) -> None:
        pack = self.packs.by_id(kept.pack_id)
        if pack is None or not pack.authentication.get("revocation_url") or not kept.sealed:
            return
        note = AuditNote(actor="packsys", action="revocation", at=self.now(), remark=self._revoked(pack, kept))
        self.connections.replace(ended, expected=ended.version, note=note)

    def _revoked(self, pack: PackVersion, kept: Connection) -> str:
        try:
            tokens = read(self.vault.open_connection(kept)).tokens
            client = client_of(pack.id, workspace=kept.workspace, oauth=self.oauth, vault=self.vault)
        except SealBroken as error:
            return f"the service did not end the token: {error.code}"
        if tokens is None:
            return "there was no token to end"
        return self.mint.revoke(pack.authentication, tokens, client, workspace=kept.workspace)


@dataclass(frozen=True, kw_only=True)
class Latecomers:
    """Ends tokens that came when their account had been ended: nobody else knows of them, so nobody else can."""

    connections: ConnectionStore
    mint: Mint
    now: Callable[[], datetime]

    def __call__(
        self, pack: PackVersion, connection: str, *, workspace: str, tokens: Tokens, client: Client | None
    ) -> None:
        """Looks whether the account was ended; tells the service then, and writes it down."""
        kept = self.connections.get(connection, workspace=workspace)
        if kept is not None and kept.state is not ConnectionState.REVOKED:
            # Somebody signed in anew. A service that ends a whole grant with one token would end theirs as well.
            return
        said = self.mint.revoke(pack.authentication, tokens, client, workspace=workspace)
        note = AuditNote(actor="packsys", action="late revocation", at=self.now(), remark=said)
        if kept is not None:
            self.connections.replace(kept, expected=kept.version, note=note)
        log.warning("connection.late", extra={"connection": connection, "outcome": said})
