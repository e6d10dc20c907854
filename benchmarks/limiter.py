"""Measures the rate limiter beside the ``limits`` package and a sorted set, and lets a service judge it.

Checks are made from one process, as a worker makes them; rounds of all are interleaved on one Valkey. ``admitted`` has
room for every request, ``refused`` for none. The moving window of ``limits`` keeps one window by the client's clock and
says nothing about when to come back; the sorted set keeps one window too. Ours keeps that window as well, and looks at
what the service said; ``three`` keeps three windows. All of these ask the server each time. In a worker, a process that
was told that a window is full does not ask again within a second, or before there is room: that is ``remembered``.

Then eight processes call a service as often as they may for ten seconds, and the service's own log is the judge.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from benchmarks.figures import Figure, times
from benchmarks.upstream import Hammer, Upstream, beyond, hammer, most_within
from packsys.embedded import EmbeddedServers
from packsys.kvstore.address import connect, translated
from packsys.kvstore.limiter import RedisLimiter
from packsys.limits.demand import Asker, demand
from packsys.limits.policy import Policy, Rate
from packsys.limits.verdict import Permit
from packsys.memory import MemoryLimiter

ROUNDS = 9
CHECKS = 1000
PROCESSES = 8
SECONDS = 10.0
BESIDE = "limits, moving window"
ROOM, FULL = 1000, 10

_LOG = Path(__file__).with_name("log.lua")


def run() -> Iterator[Figure]:
    """Measures checks a second, and what gets through."""
    with tempfile.TemporaryDirectory(prefix="packsys-bench-") as folder, EmbeddedServers(Path(folder)) as servers:
        for name, limit in (("admitted", ROOM), ("refused", FULL)):
            yield from _checks(name, servers.state_url, limit)
        yield from _judged(servers.state_url)


def _checks(name: str, url: str, limit: int) -> Iterator[Figure]:
    minute = Rate(limit=limit, window=60.0)
    subjects: dict[str, Callable[[str], Callable[[], bool]]] = {
        "ours": lambda key: _ours(url, key, minute),
        "three": lambda key: _ours(url, key, minute, Rate(limit=limit, window=120), Rate(limit=limit, window=240)),
        "limits": lambda key: _moving_window(url, key, limit),
        "sorted_set": lambda key: _sorted_set(url, key, limit),
    }
    if name == "refused":
        subjects["remembered"] = lambda key: _ours(url, key, minute, remember=True)
    taken: dict[str, list[float]] = {subject: [] for subject in subjects}
    for number in range(ROUNDS + 1):
        for subject, make in subjects.items():
            seconds = _seconds(make(f"{name}.{number}"), limit, expect=name == "admitted")
            if number:  # the first round opens connections
                taken[subject].append(seconds)
    for subject, all_seconds in taken.items():
        yield Figure(f"{name}_{subject}", round(CHECKS / sorted(all_seconds)[ROUNDS // 2]), "checks/s")
    yield Figure(f"{name}", times(taken["ours"], taken["limits"]), "x", BESIDE)
    yield Figure(f"{name}_three", times(taken["three"], taken["limits"]), "x", BESIDE)
    yield Figure(f"{name}_beside_set", times(taken["ours"], taken["sorted_set"]), "x", "a sorted set")


def _seconds(check: Callable[[], bool], limit: int, *, expect: bool) -> float:
    if not expect:
        for _ in range(limit):
            check()
    begun = time.perf_counter()
    for _ in range(CHECKS):
        assert check() is expect
    return time.perf_counter() - begun


def _ours(url: str, key: str, *policies: Policy, remember: bool = False) -> Callable[[], bool]:
    limiter = RedisLimiter.at(url, alone=MemoryLimiter(), remember=remember)
    wanted = demand(Asker(pack=1, connection=f"{key}.{len(policies)}.{remember}"), policies)
    return lambda: isinstance(limiter.take(wanted, lease=30.0), Permit)


def _moving_window(url: str, key: str, limit: int) -> Callable[[], bool]:
    limiter = MovingWindowRateLimiter(RedisStorage(_theirs(url)))
    item = RateLimitItemPerMinute(limit)
    return lambda: limiter.hit(item, key)


def _sorted_set(url: str, key: str, limit: int) -> Callable[[], bool]:
    client, numbers = connect(url, timeout=1.0), count()
    digest: Any = client.script_load(_LOG.read_text(encoding="utf-8"))
    return lambda: bool(client.evalsha(digest, 1, f"set.{key}", limit, 60_000_000, next(numbers)))


def _theirs(url: str) -> str:
    return translated(url).replace("unix://", "redis+unix://", 1)


def _judged(url: str) -> Iterator[Figure]:
    limit, window = 100, 1.0
    with Upstream() as service:
        policies = (Rate(limit=limit, window=window),)
        hammer(
            Hammer(state_url=url, port=service.port, pack=2, policies=policies, seconds=SECONDS), processes=PROCESSES
        )
        arrivals = tuple(service.arrivals)
    yield Figure("judged_calls", len(arrivals), "calls")
    yield Figure("judged_used", round(100 * len(arrivals) / (limit * SECONDS / window), 1), "%")
    yield Figure("judged_most_in_any_second", most_within(arrivals, window), "calls")
    yield Figure("judged_violations", beyond(arrivals, limit=limit, window=window), "calls")
