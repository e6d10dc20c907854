"""Makes what a workspace's messages are signed with, and opens it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from packsys.connections.secret import Secret
from packsys.connections.vault import Vault, place_of
from packsys.connections.webhook import BYTES, secret_of
from packsys.errors import Conflict
from packsys.model import WebhookSecret
from packsys.ports import WebhookSecretStore

OVERLAP = 86_400.0
"""Seconds for which a secret goes on signing beside the one that follows it, so that receivers can be changed."""


@dataclass(frozen=True, kw_only=True)
class WebhookSecrets:
    """Keeps them sealed. Each is shown once, by who makes it."""

    store: WebhookSecretStore
    vault: Vault
    randomness: Callable[[int], bytes]
    new_id: Callable[[], str]
    now: Callable[[], datetime]

    def make(self, workspace: str) -> Secret:
        """Makes a workspace's first secret; raises Conflict where there is one."""
        if self.store.current(workspace):
            raise Conflict(
                "This workspace has a webhook secret, which was shown when it was made: "
                "make one in its place with 'packsys webhook secret --rotate'."
            )
        return self.rotate(workspace, overlap=0.0)

    def rotate(self, workspace: str, *, overlap: float = OVERLAP) -> Secret:
        """Makes another secret; those before it sign beside it for ``overlap`` seconds."""
        secret = secret_of(self.randomness(BYTES))
        row = WebhookSecret(workspace=workspace, id=self.new_id(), sealed=b"", created_at=self.now())
        self.store.add(replace(row, sealed=self.vault.seal(place_of(row), secret)), overlap=overlap)
        return secret

    def of(self, workspace: str) -> Sequence[Secret]:
        """Gives the secrets that sign now, the newest first; raises Conflict where there is none, and SealBroken."""
        rows = self.store.current(workspace)
        if not rows:
            raise Conflict("This workspace has no webhook secret: make one with 'packsys webhook secret'.")
        return [self.vault.open(place_of(row), row.sealed) for row in rows]

    def require(self, workspace: str) -> None:
        """Raises Conflict where nothing could sign a message."""
        if not self.store.current(workspace):
            raise Conflict(
                "This workspace has no webhook secret to sign messages with: make one with 'packsys webhook secret', "
                "then submit the formula again."
            )
