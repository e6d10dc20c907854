"""The twin of the cache of answers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from packsys.ports import Found


class MemoryAnswers:
    """Keeps answers in this process, the last ones that ``capacity`` bytes have room for."""

    def __init__(self, now: Callable[[], datetime], *, capacity: int = 50_000_000) -> None:
        """Takes the clock; nothing is kept yet."""
        self._now, self._capacity, self._lock, self._size = now, capacity, Lock(), 0
        self._kept: OrderedDict[str, tuple[datetime, str, bytes]] = OrderedDict()
        self._generations: dict[str, int] = {}

    def look(self, account: str, name: str) -> Found:
        """Finds the newest answer that was kept under a name since the account was last forgotten."""
        with self._lock:
            generation = self._generation(account)
            until, kept_in, data = self._kept.get(name, (self._now(), "", b""))
        return Found(generation=generation, data=data if until > self._now() and kept_in == generation else None)

    def put(self, account: str, name: str, data: bytes, *, generation: str, ttl: float) -> None:
        """Keeps an answer for ``ttl`` seconds, and forgets the oldest where there is no room."""
        with self._lock:
            self._remove(name)
            if ttl > 0 and len(data) <= self._capacity and generation == self._generation(account):
                self._kept[name] = self._now() + timedelta(seconds=ttl), generation, data
                self._size += len(data)
            while self._size > self._capacity:
                self._remove(next(iter(self._kept)))

    def forget(self, account: str) -> None:
        """Begins a new generation of an account."""
        with self._lock:
            self._generations[account] = self._generations.get(account, 0) + 1

    def _generation(self, account: str) -> str:
        return str(self._generations.get(account, 0))

    def _remove(self, name: str) -> None:
        _, _, data = self._kept.pop(name, (None, "", b""))
        self._size -= len(data)
