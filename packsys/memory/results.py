"""The twin of the result cache."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from packsys.values import Value, from_json, to_json


class MemoryResults:
    """Keeps results in this process, the last ``entries`` of them."""

    def __init__(self, now: Callable[[], datetime], *, entries: int = 1000) -> None:
        """Takes the clock; nothing is kept yet."""
        self._now, self._entries, self._lock = now, entries, Lock()
        self._kept: OrderedDict[str, tuple[datetime, str]] = OrderedDict()

    def get(self, key: str) -> tuple[Value] | None:
        """Finds a kept value, in a tuple so that a blank can be told from nothing."""
        with self._lock:
            until, data = self._kept.get(key, (self._now(), ""))
        return (from_json(json.loads(data)),) if until > self._now() else None

    def put(self, key: str, value: Value, *, ttl: float) -> None:
        """Keeps a value for ``ttl`` seconds, and forgets the oldest when there are too many."""
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = self._now() + timedelta(seconds=ttl), json.dumps(to_json(value))
            while len(self._kept) > self._entries:
                self._kept.popitem(last=False)
