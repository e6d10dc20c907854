"""Remembers for a moment what was found, so that it is not asked for all the time."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=Hashable)
Thing = TypeVar("Thing")


class Believed(Generic[Name, Thing]):
    """Remembers what was found under a name, counted from when it was asked for; what was not found is not remembered.

    Of more than ``most`` names it forgets those first that were asked for longest ago. Threads may share it.
    """

    def __init__(self, *, seconds: float, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Takes how long it believes what it found, how many names it remembers, and a clock that counts seconds."""
        self._seconds, self._most, self._clock, self._lock = seconds, most, clock, Lock()
        self._known: OrderedDict[Name, tuple[float, Thing]] = OrderedDict()

    def get(self, name: Name) -> Thing | None:
        """Gives what was found just now, without asking anybody."""
        until, thing = self._known.get(name, (0.0, None))
        return thing if until > self._clock() else None

    def ask(self, name: Name, find: Callable[[], Thing]) -> Thing:
        """Asks, and remembers what was found; raises what ``find`` does."""
        asked = self._clock()
        found = find()
        if found is not None:
            with self._lock:
                self._known[name] = asked + self._seconds, found
                self._known.move_to_end(name)
                if len(self._known) > self._most:
                    self._known.popitem(last=False)
        return found
