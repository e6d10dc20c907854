"""What waits to be sent by a thread of its own, so that nobody else waits for it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from threading import Condition, Thread
from typing import Generic, TypeVar

from packsys.kvstore.forks import begin_in_children

log = logging.getLogger(__name__)

ROOM = 10_000
"""Things that may wait; what comes on top is dropped."""

BATCH = 500
"""Things that are sent at once."""

Thing = TypeVar("Thing")


class Outbox(Generic[Thing]):
    """Sends what is put into it, in order and in batches, from a background thread.

    What is urgent is sent at once, and all that waits with it; the rest lingers for a moment, so that the thread does
    not take turns with those who work for the sake of one small thing. The thread starts with the first thing, in the
    process that puts it there; a forked child begins with an empty box.
    """

    def __init__(
        self,
        send: Callable[[Sequence[Thing]], None],
        *,
        room: int = ROOM,
        batch: int = BATCH,
        linger: float = 0.0,
        urgent: Callable[[Thing], bool] = lambda thing: False,
    ) -> None:
        """Takes what sends, and how many seconds things linger that are not urgent; starts nothing yet."""
        self._send, self._room, self._batch = send, room, batch
        self._linger, self._urgent = linger, urgent
        self.begin()
        begin_in_children(self)

    def begin(self) -> None:
        """Begins empty, without a thread."""
        self._changed = Condition()
        self._waiting: deque[Thing] = deque()
        self._thread: Thread | None = None
        self._busy = self._closed = self._full = self._pressing = False

    def put(self, things: Sequence[Thing]) -> None:
        """Takes things as long as there is room."""
        with self._changed:
            fitting = things[: max(0, self._room - len(self._waiting))]
            self._waiting.extend(fitting)
            filled, self._full = not self._full and len(fitting) < len(things), len(fitting) < len(things)
            pressing = any(map(self._urgent, fitting)) or len(self._waiting) >= self._batch
            self._pressing |= pressing
            self._start()
            if pressing or len(self._waiting) == len(fitting):
                self._changed.notify_all()
        if filled:
            log.warning("outbox.full", extra={"room": self._room})

    def flush(self, *, seconds: float) -> bool:
        """Waits until everything is sent; False when ``seconds`` were not enough."""
        with self._changed:
            self._pressing = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._waiting and not self._busy, seconds)

    def close(self) -> None:
        """Ends the thread as soon as the box is empty."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._run, name="packsys-outbox", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while things := self._take():
            self._try(things)

    def _try(self, things: Sequence[Thing]) -> None:
        try:
            self._send(things)
        except Exception:  # what comes next must be sent all the same
            log.exception("outbox.send_failed")

    def _take(self) -> Sequence[Thing]:
        with self._changed:
            self._busy = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._waiting or self._closed)
            self._changed.wait_for(lambda: self._pressing or self._closed, self._linger)
            self._pressing = False
            taken = [self._waiting.popleft() for _ in range(min(self._batch, len(self._waiting)))]
            self._busy = bool(taken)
            if not taken:
                self._thread, self._closed = None, False
            return taken
