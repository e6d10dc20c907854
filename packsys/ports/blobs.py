"""Sockets for temporary files."""

from __future__ import annotations

from typing import Protocol

from packsys.model import Blob


class Blobs(Protocol):
    """Keeps files for a while, at addresses that others can read."""

    def store(self, content: bytes, *, content_type: str, name: str = "", ttl: float) -> str:
        """Keeps a file for ``ttl`` seconds and gives its address; ``name`` is what a browser saves it as.

        Raises :class:`~packsys.errors.BlobTooLarge`.
        """

    def get(self, blob: str) -> Blob | None:
        """Finds a file by the last part of its address, until its time is over."""


class BlobStore(Protocol):
    """Keeps the files of all workspaces, each within a budget of its own."""

    def of(self, workspace: str) -> Blobs:
        """Gives the place for one workspace's files."""

    def get(self, blob: str) -> Blob | None:
        """Finds a file by the last part of its address, whoever kept it: who knows the address may read it."""
