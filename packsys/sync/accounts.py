"""Finds the accounts of tables without asking the store for the same one at each page."""

from __future__ import annotations

import time
from collections.abc import Callable

from packsys.model import Connection
from packsys.runtime.believed import Believed
from packsys.runtime.surround import Connections

BELIEVED = 1.0
"""Seconds for which an account is believed without asking: so long after it was changed a page may be asked for so."""

MOST = 100
"""Accounts that are remembered, with their secrets as they are sealed."""


class KnownAccounts:
    """Remembers accounts for a second; one that is not there is asked for each time."""

    def __init__(self, connections: Connections, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Takes who knows them, and a clock that counts seconds."""
        self._connections = connections
        self._known: Believed[tuple[str, str], Connection | None] = Believed(seconds=BELIEVED, most=MOST, clock=clock)

    def get(self, connection: str, *, workspace: str) -> Connection | None:
        """Finds a connection of a workspace by its id."""
        name = workspace, connection
        return self._known.get(name) or self._known.ask(
            name, lambda: self._connections.get(connection, workspace=workspace)
        )
