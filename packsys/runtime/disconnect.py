"""Ends an account: at its service, and here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from packsys.connections.contents import Tokens, read
from packsys.connections.grants import Client
from packsys.connections.mint import Mint, needed
from packsys.connections.vault import Vault, place_of
from packsys.errors import Conflict, NotFound, PacksysError
from packsys.model import AuditNote, Connection, ConnectionState, PackVersion
from packsys.ports import ConnectionStore, OAuthStore, PackStore

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
        try:
            tokens = read(self.vault.open_connection(kept)).tokens
            if tokens is not None:
                self._revoke(pack, kept, tokens)
            said = "the service ended the token"
        except PacksysError as error:
            said = f"the service did not end the token: {error.code}"
        note = AuditNote(actor="packsys", action="revocation", at=self.now(), remark=said)
        self.connections.replace(ended, expected=ended.version, note=note)

    def _revoke(self, pack: PackVersion, kept: Connection, tokens: Tokens) -> None:
        row = self.oauth.client(pack.id, workspace=kept.workspace)
        client = None if row is None else Client(id=row.client_id, secret=self.vault.open(place_of(row), row.sealed))
        endpoint = self.mint.endpoint(pack.authentication, workspace=kept.workspace)
        if tokens.refresh is not None:
            endpoint.revoke(tokens.refresh, "refresh_token", needed(client))
        endpoint.revoke(tokens.access, "access_token", needed(client))
