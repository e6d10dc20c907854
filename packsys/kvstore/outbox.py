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
    """Sends what is put into it, in order and in batches.

    What is urgent is sent at once, and all that waits with it, by whoever puts it in: a thread would have to be woken,
    and somebody waits for it. The rest lingers for a moment and is sent by a background thread, which does not take
    turns with those who work for the sake of one small thing. The thread starts with the first thing that is left to
    it, in the process that puts it there; a forked child begins with an empty box.
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
        """Takes things as long as there is room, and sends them if one is urgent and nobody is sending."""
        with self._changed:
            fitting = things[: max(0, self._room - len(self._waiting))]
            self._waiting.extend(fitting)
            filled, self._full = not self._full and len(fitting) < len(things), len(fitting) < len(things)
            urgent = any(map(self._urgent, fitting))
            own = self._taken() if urgent and not self._busy else ()
            if self._waiting:
                self._leave(pressing=urgent or len(self._waiting) >= self._batch, many=len(fitting))
        if own:
            self._try(own)
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

    def _leave(self, *, pressing: bool, many: int) -> None:
        """Leaves what waits to the thread; wakes it where the ``many`` new things press, or are all there is."""
        self._pressing |= pressing
        if self._thread is None:
            self._thread = Thread(target=self._run, name="packsys-outbox", daemon=True)
            self._thread.start()
        if pressing or len(self._waiting) <= many:
            self._changed.notify_all()

    def _run(self) -> None:
        while things := self._take():
            self._try(things)

    def _try(self, things: Sequence[Thing]) -> None:
        """Sends what was taken, and then lets others send."""
        try:
            self._send(things)
        except Exception:  # what comes next must be sent all the same
            log.exception("outbox.send_failed")
        with self._changed:
            self._busy = False
            self._changed.notify_all()

    def _take(self) -> Sequence[Thing]:
        """Waits for things that nobody else sends; gives none once the box is closed and empty."""
        with self._changed:
            while self._waiting or not self._closed:
                self._changed.wait_for(lambda: not self._busy and (self._waiting or self._closed))
                self._changed.wait_for(lambda: self._pressing or self._closed or not self._waiting, self._linger)
                if self._waiting and not self._busy:
                    return self._taken()
            self._thread, self._closed = None, False
            return ()

    def _taken(self) -> Sequence[Thing]:
        self._busy, self._pressing = True, False
        return [self._waiting.popleft() for _ in range(min(self._batch, len(self._waiting)))]
