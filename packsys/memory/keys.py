"""The twin of API keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Lock

from packsys.errors import Conflict
from packsys.model import Key


class MemoryKeys:
    """Keeps API keys in this process, hashed."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Takes the clock; there are no keys yet."""
        self._now, self._lock = now, Lock()
        self._kept: dict[str, tuple[Key, bytes]] = {}

    def add(self, key: Key, digest: bytes) -> None:
        """Keeps a new key with the SHA-256 of its secret; raises Conflict when there is one with its id."""
        with self._lock:
            if key.id in self._kept:
                raise Conflict(f"There is an API key with the id {key.id} already: make a new one.")
            self._kept[key.id] = key, digest

    def find(self, key_id: str) -> tuple[Key, bytes] | None:
        """Finds a key that is not revoked, with its digest."""
        kept = self._kept.get(key_id)
        return None if kept is None or kept[0].revoked_at else kept

    def list(self, *, workspace: str) -> Sequence[Key]:
        """Lists a workspace's keys, oldest first, with the revoked ones."""
        own = [key for key, _ in tuple(self._kept.values()) if key.workspace == workspace]
        return sorted(own, key=lambda key: (key.created_at, key.id))

    def revoke(self, key_id: str) -> bool:
        """Ends a key; False when there is none, or none any more."""
        with self._lock:
            found = self.find(key_id)
            if found is not None:
                self._kept[key_id] = replace(found[0], revoked_at=self._now()), found[1]
            return found is not None
