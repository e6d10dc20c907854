"""Sockets for pack releases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from packsys.model import PackVersion, Release


class PackStore(Protocol):
    """Finds pack releases."""

    def by_id(self, pack_id: int) -> PackVersion | None:
        """Finds a pack by its number."""

    def by_name(self, name: str) -> PackVersion | None:
        """Finds a pack by its name, whatever its case."""

    def release(self, pack_id: int, version: str) -> PackVersion | None:
        """Finds the release that a call was bound with; of a pack that ships there is one only."""

    def names(self) -> Sequence[str]:
        """Lists the names of all packs."""


class ReleaseStore(Protocol):
    """Keeps published pack versions, which never change."""

    def add(self, release: Release) -> bool:
        """Keeps a new release; False when the same one is there already.

        Raises :class:`~packsys.errors.Conflict` for a version that was published with another digest, and for a
        name that belongs to another pack.
        """

    def get(self, pack_id: int, version: str) -> Release | None:
        """Finds a release."""

    def newest(self) -> Sequence[Release]:
        """Lists the release of each pack that was published last, by name, without its archive."""

    def versions(self, pack_id: int) -> Sequence[Release]:
        """Lists the releases of a pack without their archives, the one that was published last first."""
