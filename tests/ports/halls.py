"""A cache of results, in memory or real, in which time passes when a test says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from redis import Redis

from packsys.kvstore.address import connect
from packsys.kvstore.results import PREFIX, RedisResults
from packsys.memory import MemoryResults
from packsys.ports import Asked, Lead
from packsys.values import Value
from tests.ports.house import Clock

_NUMBERS = count(1)


@dataclass(frozen=True, kw_only=True)
class Hall:
    """Is one implementation of the cache and its flights, and ``wait``, which makes seconds pass without waiting."""

    results: MemoryResults | RedisResults
    wait: Callable[[float], None]

    def keep(self, name: str, value: Value, *, ttl: float = 60.0, stale: float = 0.0, cost: float = 0.0) -> None:
        """Keeps a value as one who makes the call does; the stamp of no tags is always the same."""
        lead = self.results.ask(asked(f"never kept {next(_NUMBERS)}"), lease=30)
        assert isinstance(lead, Lead)
        self.results.land(asked(name, step="keeper"), value, stamp=lead.stamp, ttl=ttl, stale=stale, cost=cost)


def asked(name: str, *tags: str, step: str = "a") -> Asked:
    """Makes a question that a step asks."""
    return Asked(name=name, tags=tags, step=(f"job of {step}", step))


def in_memory() -> Hall:
    """Gives the twin."""
    clock = Clock()
    return Hall(results=MemoryResults(clock), wait=clock.wait)


def in_redis(url: str) -> Hall:
    """Gives the real one. Its clock is the server's, so time passes by making what is kept older."""
    client = connect(url, timeout=5)
    return Hall(results=RedisResults(client), wait=lambda seconds: age(client, round(seconds * 1000)))


def age(client: Redis, milliseconds: int) -> None:
    """Takes time from whatever is kept of results."""
    for key in client.scan_iter(f"{PREFIX}*"):
        left = client.pttl(key)
        if key.startswith(f"{PREFIX}entry:".encode()) and (entry := client.get(key)):
            stamp, fresh, rest = entry.split(b" ", 2)
            client.set(key, b"%s %d %s" % (stamp, int(fresh) - milliseconds, rest), keepttl=True)
        if left >= 0:
            client.pexpire(key, left - milliseconds)
