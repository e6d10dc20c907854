"""Puts the use cases of connected accounts on the adapters."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from packsys.adapters import Adapters, new_id, now
from packsys.runtime.clients import SetClient
from packsys.runtime.connect import Connect
from packsys.runtime.disconnect import Disconnect
from packsys.runtime.rotate import Rotate
from packsys.runtime.signin import SignIn
from packsys.settings import Settings


@dataclass(frozen=True)
class Accounts:
    """Is what connects accounts, and ends them."""

    settings: Settings
    adapters: Adapters

    @property
    def connect(self) -> Connect:
        """Connects an account with what a person entered."""
        known = self.adapters
        return Connect(
            packs=known.shelf, connections=known.stores.connections, vault=known.vault, new_id=new_id, now=now
        )

    @property
    def sign_in(self) -> SignIn:
        """Signs people in at services."""
        return SignIn(
            packs=self.adapters.shelf,
            connections=self.adapters.stores.connections,
            oauth=self.adapters.stores.oauth,
            vault=self.adapters.vault,
            mint=self.adapters.mint,
            redirect=f"{self.settings.public_url}/v1/oauth/callback",
            now=now,
            new_id=new_id,
            randomness=secrets.token_bytes,
        )

    @property
    def disconnect(self) -> Disconnect:
        """Ends accounts."""
        return Disconnect(
            packs=self.adapters.shelf,
            connections=self.adapters.stores.connections,
            oauth=self.adapters.stores.oauth,
            vault=self.adapters.vault,
            mint=self.adapters.mint,
            now=now,
        )

    @property
    def set_client(self) -> SetClient:
        """Keeps what a workspace is to a service."""
        return SetClient(packs=self.adapters.shelf, oauth=self.adapters.stores.oauth, vault=self.adapters.vault)

    @property
    def rotate(self) -> Rotate:
        """Seals everything anew."""
        return Rotate(
            connections=self.adapters.stores.connections,
            oauth=self.adapters.stores.oauth,
            webhook_secrets=self.adapters.stores.webhook_secrets,
            vault=self.adapters.vault,
        )
