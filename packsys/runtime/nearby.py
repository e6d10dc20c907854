"""What this process need not ask for again."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from packsys.values import Value, from_json, to_json

BELIEVED = 2.0
"""Seconds for which a result is believed without asking: so long after it was forgotten it may still be used."""


class Nearby:
    """Keeps the results of this process that were used last, as many as ``entries`` and ``capacity`` bytes allow.

    They lie as text, so that nobody changes what another is given, and so that their size is known.
    """

    def __init__(
        self,
        *,
        entries: int = 1000,
        capacity: int = 50_000_000,
        believed: float = BELIEVED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Takes the bounds, and a clock that counts seconds; nothing is kept yet."""
        self._entries, self._capacity, self._believed, self._clock = entries, capacity, believed, clock
        self._kept: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._size, self._lock = 0, Lock()

    def get(self, name: str) -> tuple[Value] | None:
        """Finds a value, in a tuple so that a blank can be told from nothing."""
        with self._lock:
            until, data = self._kept.get(name, (0.0, ""))
            if not data:
                return None
            if until <= self._clock():
                self._remove(name)
                return None
            self._kept.move_to_end(name)
        return (from_json(json.loads(data)),)

    def put(self, name: str, value: Value, *, fresh_for: float) -> int:
        """Keeps a value while it is believed and fresh, and gives the number of those that had to go for it."""
        data, seconds = json.dumps(to_json(value)), min(fresh_for, self._believed)
        with self._lock:
            self._remove(name)
            if seconds <= 0 or len(data) > self._capacity:
                return 0
            self._kept[name] = self._clock() + seconds, data
            self._size += len(data)
            return self._make_room()

    @property
    def size(self) -> tuple[int, int]:
        """Gives the number of values, and of their bytes: the text is ASCII."""
        return len(self._kept), self._size

    def _make_room(self) -> int:
        before = len(self._kept)
        while len(self._kept) > self._entries or self._size > self._capacity:
            self._remove(next(iter(self._kept)))
        return before - len(self._kept)

    def _remove(self, name: str) -> None:
        _, data = self._kept.pop(name, (0.0, ""))
        self._size -= len(data)
