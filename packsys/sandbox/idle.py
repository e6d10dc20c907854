"""Sessions that wait for their next call: warm ones, and blank ones that were forked ahead."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from packsys.sandbox.session import Session


@dataclass
class Place:
    """Is a session, and what it was used for so far."""

    session: Session
    loaded: bool = False
    calls: int = 0
    busy: float = 0.0


@dataclass
class Idle:
    """Keeps sessions for their next call: the ones that were used last, and never for another account."""

    most: int
    _places: OrderedDict[tuple[object, ...], list[Place]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: tuple[object, ...]) -> Place | None:
        """Gives a session for calls of this kind, if a sound one waits."""
        with self._lock:
            places = self._places.get(key)
            place = places.pop() if places else None
            if places == []:
                del self._places[key]
        if place is None or place.session.quiet:
            return place
        place.session.end()  # it spoke, or died, while nobody asked
        return None

    def put(self, key: tuple[object, ...], place: Place) -> None:
        """Lets a session wait; ends those that waited longest when they are too many."""
        with self._lock:
            self._places.setdefault(key, []).append(place)
            self._places.move_to_end(key)
            surplus = self._surplus()
        for each in surplus:
            each.session.end()

    @property
    def full(self) -> bool:
        """Tells whether no more can wait."""
        with self._lock:
            return sum(map(len, self._places.values())) >= self.most

    def clear(self) -> list[Place]:
        """Takes out all sessions."""
        with self._lock:
            places = [place for each in self._places.values() for place in each]
            self._places.clear()
        return places

    def forget(self) -> None:
        """Leaves the sessions to the process that this one was forked from."""
        self._lock = threading.Lock()
        for place in self.clear():
            place.session.forget()

    def _surplus(self) -> list[Place]:
        dropped = []
        while sum(map(len, self._places.values())) > self.most:
            key, places = next(iter(self._places.items()))
            dropped.append(places.pop(0))
            if not places:
                del self._places[key]
        return dropped
