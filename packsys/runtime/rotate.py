"""Seals everything with the vault's current key, while the house is at work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from packsys.connections.vault import Vault, place_of
from packsys.errors import SealBroken
from packsys.model import Connection, OAuthClient, WebhookSecret
from packsys.ports import ConnectionStore, OAuthStore, WebhookSecretStore

PAGE = 200

Row = TypeVar("Row", Connection, OAuthClient, WebhookSecret)


@dataclass(frozen=True)
class Rotated:
    """Is one row that was looked at: ``changed`` when it has a new seal, ``trouble`` when it does not open."""

    name: str
    changed: bool
    trouble: str = ""


@dataclass(frozen=True, kw_only=True)
class Rotate:
    """Seals the data keys anew, row by row; what was done stays done, so that it may be stopped and begun again.

    The secrets themselves are not opened, unless they are from the first layout. A row that changes meanwhile is
    sealed with the current key by whoever changes it.
    """

    connections: ConnectionStore
    oauth: OAuthStore
    webhook_secrets: WebhookSecretStore
    vault: Vault

    def __call__(self) -> Iterator[Rotated]:
        """Gives every row as it is done."""
        for client in self.oauth.clients():
            yield self._resealed(client, self.oauth.reseal)
        for secret in self.webhook_secrets.every():
            yield self._resealed(secret, self.webhook_secrets.reseal)
        place = ("", "")
        while page := self.connections.after(place, limit=PAGE):
            for connection in page:
                if connection.sealed:
                    yield self._resealed(connection, self.connections.reseal)
            place = (page[-1].workspace, page[-1].id)

    def _resealed(self, row: Row, reseal: Callable[..., bool]) -> Rotated:
        place = place_of(row)
        try:
            sealed = self.vault.rewrap(place, row.sealed)
        except SealBroken as error:
            return Rotated(place.name, False, error.message)
        if sealed != row.sealed:
            reseal(replace(row, sealed=sealed), before=row.sealed)
        return Rotated(place.name, sealed != row.sealed)
