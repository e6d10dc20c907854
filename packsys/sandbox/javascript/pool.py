"""Sessions that are ready before they are asked for."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Hashable

from packsys.sandbox.javascript.nest import Limits, Nest, Session


class Pool:
    """Keeps one session ready for each pack that was used lately."""

    def __init__(self, nest: Nest, limits: Limits, *, most: int = 4) -> None:
        """Takes how many sessions wait at ``most``, over all packs."""
        self._nest = nest
        self._limits = limits
        self._most = most
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._ready: OrderedDict[Hashable, Session] = OrderedDict()

    def take(self, pack: Hashable, scripts: int, *, until: float) -> Session:
        """Gives a session for a pack: one that waits, or a new one where none does, or it died while it waited.

        ``until`` is in seconds of the monotonic clock.
        """
        self._check_owner()
        with self._lock:
            waiting = self._ready.pop(pack, None)
        if waiting is not None and self._nest.holds(waiting) and waiting.sound() and waiting.lives(until=until):
            return waiting
        if waiting is not None:
            self._nest.drop(waiting)
        return self._nest.spawn(scripts, self._limits)

    def end(self, session: Session) -> int | None:
        """Ends a session; gives how its process ended, where that is known."""
        return self._nest.end(session)

    def drop(self, session: Session) -> None:
        """Ends a session, and does not wait for it."""
        self._nest.drop(session)

    def refill(self, pack: Hashable, scripts: int) -> None:
        """Sees to it that a session waits for a pack; does not wait for it."""
        if self._most > 0 and pack not in self._ready:
            self.keep(pack, self._nest.spawn(scripts, self._limits))

    def keep(self, pack: Hashable, session: Session) -> None:
        """Keeps a session for the next call, and ends those that are too many."""
        with self._lock:
            surplus = [old] if (old := self._ready.pop(pack, None)) else []
            self._ready[pack] = session
            while len(self._ready) > self._most:
                surplus.append(self._ready.popitem(last=False)[1])
        for each in surplus:
            self._nest.drop(each)

    def close(self) -> None:
        """Ends every session that waits."""
        with self._lock:
            waiting, self._ready = [*self._ready.values()], OrderedDict()
        for each in waiting:
            each.close()

    def _check_owner(self) -> None:
        if self._owner != os.getpid():  # what waits belongs to the process that this one was forked from
            self._owner, self._lock, self._ready = os.getpid(), threading.Lock(), OrderedDict()
