"""The twin of the rate limiter, which is also what a process falls back on."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from threading import Lock

from packsys.limits import brake
from packsys.limits.advice import Advice
from packsys.limits.demand import SECOND, Demand, Log, Pool
from packsys.limits.verdict import Cause, Permit, Refusal, refusal

_SWEEP = 1024  # takings between two looks for what is over


@dataclass
class _Brake:
    """Holds what a service said about one place; times are microseconds."""

    ends: int = 0
    last: int = 0
    strikes: int = 0
    left: int = 0
    reset: int = 0

    def slow(self, now: int) -> bool:
        return self.ends > 0 and now < self.ends + brake.CALM

    def over(self, now: int) -> bool:
        return now >= max(self.ends + brake.CALM, self.reset)

    def holds(self, now: int) -> Iterator[Refusal]:
        if self.slow(now) and now < self.ends:
            yield refusal(self.ends - now, Cause.SERVICE)
        elif self.slow(now):
            gap = math.floor(brake.FIRST_GAP * 0.5 ** ((now - self.ends) / brake.HALVING))
            yield refusal(self.last + gap - now, Cause.RECOVERY)
        if now < self.reset and self.left < 1:
            yield refusal(self.reset - now, Cause.SERVICE)

    def pass_one(self, now: int) -> None:
        self.last = now
        self.left -= 1

    def refuse(self, now: int, pause: float | None) -> None:
        if now >= self.ends:  # else it was under way when another one was refused
            self.strikes = self.strikes + 1 if self.slow(now) else 1
        hold = min(brake.FIRST_HOLD * 2 ** (self.strikes - 1), brake.LONGEST_HOLD)
        self.ends = self.last = max(self.ends, now + (round(pause * SECOND) if pause else hold))

    def tell(self, now: int, left: int, reset: int) -> None:
        if now >= self.reset or reset > self.reset + brake.SAME_WINDOW:
            self.left, self.reset = left, reset
        else:
            self.left = min(self.left, left)


@dataclass
class _Times:
    """Holds the newest kept times of a log, newest first, and how many permits there were."""

    times: deque[int] = field(default_factory=deque)
    permits: int = 0
    over: int = 0

    def holds(self, log: Log, now: int) -> Iterator[Refusal]:
        for window in log.windows:
            # The permit that must have left the window before the last one of this request may come.
            first = math.ceil((self.permits - window.limit + log.weight - 1) / log.grain)
            if first >= 0:
                back = (self.permits - 1) // log.grain - first
                wait = self.times[back] + window.length - now
                yield refusal(wait, Cause.RATE, limit=window.limit, window=window.length)

    def take(self, log: Log, now: int) -> None:
        for number in range(self.permits, self.permits + log.weight):
            if number % log.grain == 0:
                self.times.appendleft(now)
        while len(self.times) > log.kept:
            self.times.pop()
        self.permits += log.weight
        self.over = now + log.longest


class MemoryLimiter:
    """Limits in this process: :class:`~packsys.ports.RateLimiter`. ``clock`` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Starts with nothing counted."""
        self._clock, self._lock, self._numbers = clock, Lock(), count(1)
        self._brakes: dict[str, _Brake] = {}
        self._logs: dict[str, _Times] = {}
        self._slots: dict[str, dict[str, int]] = {}
        self._turns: dict[str, tuple[int, int]] = {}

    def take(self, demand: Demand, *, lease: float) -> Permit | Refusal:
        """Takes every permit and slot that a request needs, or none and says how long to wait."""
        with self._lock:
            now, number = self._now(), next(self._numbers)
            if number % _SWEEP == 0:
                self._sweep(now)
            worst = max(self._holds(demand, now), key=lambda each: each.seconds, default=None)
            if worst is not None and worst.seconds > 0:
                return self._turn(demand, worst, now)
            return self._grant(demand, now, str(number), lease)

    def give_back(self, demand: Demand, permit: Permit) -> None:
        """Frees the slots of a permit."""
        with self._lock:
            for pool in demand.pools:
                self._slots.get(pool.key, {}).pop(permit.id, None)

    def learn(self, demand: Demand, advice: Advice) -> None:
        """Holds the demand's narrowest place back as the service says."""
        with self._lock:
            now = self._now()
            place = self._brakes.setdefault(demand.places[-1], _Brake())
            if advice.refused:
                place.refuse(now, advice.pause)
            if advice.left is not None:
                place.tell(now, advice.left, now + round(advice.reset * SECOND))

    def recall(self, taken: Iterable[tuple[float, Demand]]) -> None:
        """Counts permits that were taken before, oldest first, with the times of its own clock."""
        with self._lock:
            for at, demand in taken:
                for log in demand.logs:
                    self._times(log, round(at * SECOND)).take(log, round(at * SECOND))

    def _now(self) -> int:
        return round(self._clock() * SECOND)

    def _holds(self, demand: Demand, now: int) -> Iterator[Refusal]:
        for place in demand.places:
            if place in self._brakes:
                yield from self._brakes[place].holds(now)
        for log in demand.logs:
            yield from self._times(log, now).holds(log, now)
        for pool in demand.pools:
            yield from self._waits_for_slot(pool, now)

    def _times(self, log: Log, now: int) -> _Times:
        kept = self._logs.get(log.key)
        if kept is None or now >= kept.over:
            kept = self._logs[log.key] = _Times()
        return kept

    def _waits_for_slot(self, pool: Pool, now: int) -> Iterator[Refusal]:
        slots = self._slots.setdefault(pool.key, {})
        for permit in [permit for permit, until in slots.items() if until <= now]:
            del slots[permit]
        if len(slots) >= pool.limit:
            yield refusal(min(*slots.values(), now + brake.POLL) - now, Cause.SLOTS, limit=pool.limit)

    def _turn(self, demand: Demand, worst: Refusal, now: int) -> Refusal:
        if worst.seconds * SECOND <= brake.PARKED:
            return worst
        key, wait = demand.queue, round(worst.seconds * SECOND)
        before, until = self._turns.get(key, (0, 0))
        before, until = (before, until) if now < until else (0, now + wait)
        self._turns[key] = before + 1, until
        late = before // worst.limit * worst.window if worst.limit else 0.0
        return replace(worst, turn=worst.seconds + late)

    def _grant(self, demand: Demand, now: int, permit: str, lease: float) -> Permit:
        for place in demand.places:
            if place in self._brakes:
                self._brakes[place].pass_one(now)
        for log in demand.logs:
            self._times(log, now).take(log, now)
        for pool in demand.pools:
            self._slots[pool.key][permit] = now + min(round(lease * SECOND), brake.LONGEST_LEASE)
        return Permit(id=permit)

    def _sweep(self, now: int) -> None:
        self._brakes = {key: each for key, each in self._brakes.items() if not each.over(now)}
        self._logs = {key: each for key, each in self._logs.items() if now < each.over}
        self._slots = {key: each for key, each in self._slots.items() if each}
        self._turns = {key: each for key, each in self._turns.items() if now < each[1]}
