"""The twin of connections."""

from __future__ import annotations

from collections.abc import Sequence

from packsys.model import Connection


class MemoryConnections:
    """Keeps connected accounts in this process, sealed."""

    def __init__(self) -> None:
        """Begins with none."""
        self._kept: dict[tuple[str, str], Connection] = {}

    def add(self, connection: Connection) -> None:
        """Keeps a new connection, or replaces the one with the same id and workspace."""
        self._kept[connection.workspace, connection.id] = connection

    def get(self, connection: str, *, workspace: str) -> Connection | None:
        """Finds a connection of a workspace by its id."""
        return self._kept.get((workspace, connection))

    def list(self, *, workspace: str) -> Sequence[Connection]:
        """Lists a workspace's connections by name."""
        own = [connection for connection in tuple(self._kept.values()) if connection.workspace == workspace]
        return sorted(own, key=lambda connection: (connection.name, connection.id))
