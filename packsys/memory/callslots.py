"""The twin of the slots of calls that run at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from packsys.limits.demand import Pool
from packsys.ports import Admitted

_Step = tuple[str, str]


@dataclass
class _Room:
    """Is a pool: who has a slot until when, for whom one is held, and who waits in which order."""

    taken: dict[_Step, datetime] = field(default_factory=dict)
    held: dict[_Step, datetime] = field(default_factory=dict)
    line: dict[_Step, None] = field(default_factory=dict)

    def hand_out(self, limit: int, now: datetime, until: datetime) -> list[_Step]:
        self.taken = {step: end for step, end in self.taken.items() if end > now}
        self.held = {step: end for step, end in self.held.items() if end > now}
        woken = []
        while self.line and len(self.taken) + len(self.held) < limit:
            first = next(iter(self.line))
            del self.line[first]
            self.held[first] = until
            woken.append(first)
        return woken

    def has_room(self, step: _Step, limit: int) -> bool:
        return step in self.taken or step in self.held or len(self.taken) + len(self.held) < limit

    def drop(self, step: _Step) -> bool:
        return (self.taken.pop(step, None) or self.held.pop(step, None)) is not None


class MemoryCallSlots:
    """Lends slots in this process."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Takes the clock; nothing runs yet."""
        self._now, self._lock = now, Lock()
        self._rooms: dict[str, _Room] = {}

    def take(self, step: _Step, pools: Sequence[Pool], *, lease: float) -> Admitted:
        """Takes a slot in each pool, or none; a step that has them keeps them for ``lease`` more seconds."""
        with self._lock:
            woken = self._hand_out(pools, lease)
            granted = self._fits(step, pools)
            for room in self._of(pools):
                dropped = room.drop(step)
                if granted:
                    room.line.pop(step, None)
                    room.taken[step] = self._until(lease)
                elif dropped:
                    woken += self._hand_out(pools, lease)
            return self._admitted(granted, step, woken)

    def wait(self, step: _Step, pools: Sequence[Pool], *, lease: float) -> Admitted:
        """Notes that a step waits; granted where there is room by now, which is held for it."""
        with self._lock:
            woken = self._hand_out(pools, lease)
            full = [
                room for room, pool in zip(self._of(pools), pools, strict=True) if not room.has_room(step, pool.limit)
            ]
            if full:
                full[0].line.setdefault(step, None)
            else:
                for room in self._of(pools):
                    room.line.pop(step, None)
                    (room.taken if step in room.taken else room.held)[step] = self._until(lease)
            return self._admitted(not full, step, woken)

    def free(self, step: _Step, pools: Sequence[Pool], *, lease: float) -> Admitted:
        """Gives a step's slots to those who wait."""
        with self._lock:
            for room in self._of(pools):
                room.drop(step)
                room.line.pop(step, None)
            return self._admitted(False, step, self._hand_out(pools, lease))

    def decline(self, step: _Step, pools: Sequence[Pool], *, lease: float) -> Admitted:
        """Gives what is held for a step that does not come to those who wait."""
        with self._lock:
            for room in self._of(pools):
                room.held.pop(step, None)
            return self._admitted(False, step, self._hand_out(pools, lease))

    def _of(self, pools: Sequence[Pool]) -> list[_Room]:
        return [self._rooms.setdefault(pool.key, _Room()) for pool in pools]

    def _fits(self, step: _Step, pools: Sequence[Pool]) -> bool:
        return all(room.has_room(step, pool.limit) for room, pool in zip(self._of(pools), pools, strict=True))

    def _hand_out(self, pools: Sequence[Pool], lease: float) -> list[_Step]:
        handed = (
            room.hand_out(pool.limit, self._now(), self._until(lease))
            for room, pool in zip(self._of(pools), pools, strict=True)
        )
        return [step for woken in handed for step in woken]

    def _until(self, lease: float) -> datetime:
        return self._now() + timedelta(seconds=lease)

    def _admitted(self, granted: bool, step: _Step, woken: list[_Step]) -> Admitted:
        return Admitted(granted=granted, woken=tuple(each for each in woken if each != step))
