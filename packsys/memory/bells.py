"""The twin of the bells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from threading import Lock


class MemoryBells:
    """Rings in this process, at once."""

    def __init__(self) -> None:
        """Begins with nobody who listens."""
        self._lock = Lock()
        self._rings: defaultdict[str, list[Callable[[], None]]] = defaultdict(list)

    def ring(self, name: str) -> None:
        """Rings, in the thread that calls it."""
        with self._lock:
            rings = list(self._rings[name])
        for ring in rings:
            ring()

    def listen(self, name: str, ring: Callable[[], None]) -> Callable[[], None]:
        """Calls ``ring`` now, and each time that somebody rings, until the returned function is called."""
        with self._lock:
            self._rings[name].append(ring)
        ring()

        def stop() -> None:
            with self._lock:
                self._rings[name].remove(ring)

        return stop

    def listening(self, name: str) -> bool:
        """Tells whether anybody listens."""
        with self._lock:
            return bool(self._rings[name])
