"""The one connection of a process on which it hears that something happened to a job."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from secrets import token_hex
from threading import Event, Lock, Thread
from typing import Any

from redis import Redis
from redis.exceptions import TimeoutError as Silent

from packsys.kvstore.forks import begin_in_children
from packsys.kvstore.resting import Resting

log = logging.getLogger(__name__)

OWN = "packsys:ear:1:"
"""Begins the name of the channel on which a process calls its own thread."""

GLANCE = 1.0
"""Seconds after which the thread looks whether it missed a call of its own process."""

SILENCE = 10.0
"""Seconds of silence after which the server is asked whether it is there; after as many more the connection is lost."""

_PAUSES = (0.05, 0.2, 1.0, 5.0)


class Ear:
    """Subscribes to the channels that somebody listens to, and rings for each message.

    One background thread starts with the first listener; after a fork it starts again with the child's first. It alone
    touches the subscription, so that the connection is used by one thread. A listener is rung when its channel is
    subscribed to, and so everybody is when the connection was broken and is made anew, with longer and longer pauses:
    what was missed in between can be read.
    """

    def __init__(self, client: Redis, *, silence: float = SILENCE, clock: Callable[[], float] = time.monotonic) -> None:
        """Takes a client of the server, how long that may be silent, and a clock in seconds; starts nothing yet."""
        self._client: Any = client  # what it gives to subscribe with has no type hints
        self._silence, self._clock = silence, clock
        self._server = Resting(clock=clock, name="ear")
        self.begin()
        begin_in_children(self)

    def begin(self) -> None:
        """Begins with nobody who listens."""
        self._lock = Lock()
        self._rings: defaultdict[bytes, list[Callable[[], None]]] = defaultdict(list)
        self._changed: set[bytes] = set()
        self._called = False
        self._own = f"{OWN}{token_hex(8)}".encode()
        self._thread: Thread | None = None
        self._closed = Event()

    def listen(self, channel: bytes, ring: Callable[[], None]) -> Callable[[], None]:
        """Calls ``ring`` for each message of a channel, until the returned function is called.

        It rings once besides, as soon as no message can be missed any more.
        """
        with self._lock:
            new = channel not in self._rings
            self._rings[channel].append(ring)
            calls = new and self._note(channel)
        if calls:
            self._call()
        if not new:
            ring()

        def stop() -> None:
            with self._lock:
                self._leave(channel, ring)

        return stop

    def close(self) -> None:
        """Ends the thread, and waits for that for a second or so."""
        self._closed.set()
        if self._thread is not None and self._thread.is_alive():
            self._call()
            self._thread.join(2 * GLANCE)

    def _note(self, channel: bytes) -> bool:
        """Marks a channel for the thread, and tells whether that must be called: it is when it has not started."""
        self._changed.add(channel)
        running = self._thread is not None and self._thread.is_alive()
        if not running:
            self._closed.clear()
            self._thread = Thread(target=self._run, name="packsys-ear", daemon=True)
            self._thread.start()
        calls, self._called = running and not self._called, True
        return calls

    def _leave(self, channel: bytes, ring: Callable[[], None]) -> None:
        if ring in self._rings.get(channel, ()):
            self._rings[channel].remove(ring)
            if not self._rings[channel]:
                del self._rings[channel]
                self._changed.add(channel)  # unsubscribed when the thread wakes up next

    def _call(self) -> None:
        if self._server.ask(lambda: self._client.publish(self._own, b"")) is None:
            self._called = False  # the thread finds out at its next glance

    def _run(self) -> None:
        failures = 0
        while not self._closed.is_set():
            try:
                for heard in self._hear():
                    failures = 0
                    self._ring(heard)
            except Exception as error:  # whatever broke it, the listening goes on
                log.warning("ear.broken", extra={"cause": str(error).strip()})
                self._closed.wait(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1

    def _hear(self) -> Iterator[bytes]:
        """Gives the channels to ring for: with a message, or subscribed to just now."""
        with self._lock:
            self._changed.update(self._rings)
        subscribed: set[bytes] = set()
        with closing(self._client.pubsub()) as line:
            line.subscribe(self._own)
            last = self._clock()
            while not self._closed.is_set():
                message = line.get_message(timeout=min(GLANCE, self._silence))
                if message is None:
                    self._ask(line, self._clock() - last)
                else:
                    last = self._clock()
                    yield message["channel"] if message["type"] in ("message", "subscribe") else b""
                self._follow(line, subscribed)

    def _ask(self, line: Any, silent: float) -> None:
        """Asks a silent server whether it is there; gives up one that does not say so, as after a lost network."""
        if silent > 2 * self._silence:
            raise Silent(f"The state server was silent for {silent:.0f} seconds.")
        if silent > self._silence:
            line.ping()

    def _follow(self, line: Any, subscribed: set[bytes]) -> None:
        """Subscribes to what somebody listens to by now, and leaves what nobody does.

        The server confirms each subscription, and that rings; it does not where one is taken up again.
        """
        with self._lock:
            changed, self._changed, self._called = self._changed, set(), False
            wanted = {channel for channel in changed if channel in self._rings}
        for kept in wanted & subscribed:
            self._ring(kept)
        _each(line.subscribe, wanted - subscribed)
        _each(line.unsubscribe, (changed - wanted) & subscribed)
        subscribed |= wanted
        subscribed -= changed - wanted

    def _ring(self, channel: bytes) -> None:
        with self._lock:
            rings = list(self._rings.get(channel, ()))
        for ring in rings:
            self._try(ring)

    def _try(self, ring: Callable[[], None]) -> None:
        try:
            ring()
        except Exception:  # the others must hear all the same
            log.exception("ear.ring_failed")


def _each(act: Callable[..., None], channels: Collection[bytes]) -> None:
    # Without a channel, unsubscribe() would leave all of them.
    if channels:
        act(*channels)
