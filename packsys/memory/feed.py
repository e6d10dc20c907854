"""The twin of the feed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from threading import Lock

from packsys.model import Event, followed


class MemoryFeed:
    """Passes events on in this process, at once."""

    def __init__(self) -> None:
        """Begins with no events and nobody who listens."""
        self._lock = Lock()
        self._events: defaultdict[str, dict[int, Event]] = defaultdict(dict)
        self._rings: defaultdict[str, list[Callable[[], None]]] = defaultdict(list)

    def publish(self, events: Sequence[Event]) -> None:
        """Passes events on, in the thread that publishes them.

        Those of a job that ended with its acceptance are left to the store.
        """
        events = followed(events)
        with self._lock:
            for event in events:
                self._events[event.job][event.number] = event
            rings = [ring for job in {event.job for event in events} for ring in self._rings.get(job, ())]
        for ring in rings:
            ring()

    def since(self, job: str, number: int) -> Sequence[Event] | None:
        """Lists a job's events after the given number; None where that would leave a gap."""
        known = max(0, number)
        with self._lock:
            kept = self._events.get(job, {})
            later = tuple(kept[each] for each in sorted(kept) if each > known)
        whole = all(event.number == place for place, event in enumerate(later, start=known + 1))
        return later if kept and whole else None

    def listen(self, job: str, ring: Callable[[], None]) -> Callable[[], None]:
        """Calls ``ring`` now and, in the thread that publishes, after each new event, until what it gives is called."""
        with self._lock:
            self._rings[job].append(ring)
        ring()

        def stop() -> None:
            with self._lock:
                self._leave(job, ring)

        return stop

    def forget(self) -> None:
        """Loses all events, as a server does that is emptied."""
        with self._lock:
            self._events.clear()

    def _leave(self, job: str, ring: Callable[[], None]) -> None:
        if ring in self._rings.get(job, ()):
            self._rings[job].remove(ring)
            if not self._rings[job]:
                del self._rings[job]
