"""The socket for API keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from packsys.model import Key


class KeyStore(Protocol):
    """Keeps API keys, hashed."""

    def add(self, key: Key, digest: bytes) -> None:
        """Keeps a new key with the SHA-256 of its secret."""

    def find(self, key_id: str) -> tuple[Key, bytes] | None:
        """Finds a key that is not revoked, with its digest."""

    def list(self, *, workspace: str) -> Sequence[Key]:
        """Lists a workspace's keys."""

    def revoke(self, key_id: str) -> bool:
        """Ends a key; False when there is none."""
