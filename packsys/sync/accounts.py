"""Finds the accounts of tables without asking the store for the same one at each page."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from packsys.model import Connection
from packsys.runtime.surround import Connections

BELIEVED = 1.0
"""Seconds for which an account is believed without asking: so long after it was changed a page may be asked for so."""

MOST = 100
"""Accounts that are remembered, with their secrets as they are sealed."""


class KnownAccounts:
    """Remembers accounts for a second; one that is not there is asked for each time."""

    def __init__(self, connections: Connections, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Takes who knows them, and a clock that counts seconds."""
        self._connections, self._clock, self._lock = connections, clock, Lock()
        self._known: OrderedDict[tuple[str, str], tuple[float, Connection]] = OrderedDict()

    def get(self, connection: str, *, workspace: str) -> Connection | None:
        """Finds a connection of a workspace by its id."""
        asked = self._clock()
        until, known = self._known.get((workspace, connection), (0.0, None))
        if until > asked:
            return known
        found = self._connections.get(connection, workspace=workspace)
        if found is not None:
            self._remember((workspace, connection), (asked + BELIEVED, found))
        return found

    def _remember(self, name: tuple[str, str], found: tuple[float, Connection]) -> None:
        with self._lock:
            self._known[name] = found
            self._known.move_to_end(name)
            if len(self._known) > MOST:
                self._known.popitem(last=False)
