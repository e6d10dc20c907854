"""Keeps what a workspace is to the service of a pack."""

from __future__ import annotations

from dataclasses import dataclass, replace

from packsys.connections.grants import Client
from packsys.connections.secret import Secret
from packsys.connections.vault import Vault, place_of
from packsys.errors import Conflict, NotFound
from packsys.model import OAuthClient
from packsys.ports import OAuthStore, PackStore

_KINDS = ("OAuth2", "AWSAssumeRole")


def client_of(pack_id: int, *, workspace: str, oauth: OAuthStore, vault: Vault) -> Client | None:
    """Gives what a workspace is to the service of a pack, its secret opened; None where it is nothing yet."""
    kept = oauth.client(pack_id, workspace=workspace)
    return None if kept is None else Client(id=kept.client_id, secret=vault.open(place_of(kept), kept.sealed))


@dataclass(frozen=True, kw_only=True)
class SetClient:
    """Seals a client's secret and keeps the client, in place of an earlier one.

    For ``OAuth2`` it is the client that the service registered, for ``AWSAssumeRole`` the host's own access key.
    """

    packs: PackStore
    oauth: OAuthStore
    vault: Vault

    def __call__(self, pack_id: int, *, workspace: str, client_id: str, secret: Secret) -> OAuthClient:
        """Gives the client; an empty secret is that of a public one. Raises NotFound and Conflict."""
        pack = self.packs.by_id(pack_id)
        if pack is None:
            raise NotFound(f"There is no pack {pack_id}; there are {', '.join(self.packs.names())}.")
        if pack.authentication.get("kind") not in _KINDS:
            raise Conflict(f"{pack.name} needs no client: its accounts are connected with their own secrets.")
        row = OAuthClient(workspace=workspace, pack_id=pack_id, client_id=client_id, sealed=b"")
        client = replace(row, sealed=self.vault.seal(place_of(row), secret))
        self.oauth.keep_client(client)
        return client
