"""The one connection of a process that PostgreSQL's notifications arrive on."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from threading import Event, Lock, Thread

import psycopg

from packsys.store.database import Database

log = logging.getLogger(__name__)

CHANNEL = "packsys_job"
_GLANCE = 1.0
_PAUSES = (0.05, 0.2, 1.0, 5.0)


class Listener:
    """Hears about every event of every job, and rings for those that somebody listens to.

    One background thread with a connection of its own starts with the first listener; after a fork it starts again
    with the child's first. When the connection breaks it is made anew, with longer and longer pauses, and everybody
    is rung: what was missed in between can be read.
    """

    def __init__(self, database: Database) -> None:
        """Takes the way to the database; nothing is started yet."""
        self._database = database
        self._lock = Lock()
        self._rings: defaultdict[str, list[Callable[[], None]]] = defaultdict(list)
        self._thread: Thread | None = None
        self._closed = Event()

    def listen(self, job: str, ring: Callable[[], None]) -> Callable[[], None]:
        """Calls ``ring`` after each event of a job, until the returned function is called."""
        with self._lock:
            self._rings[job].append(ring)
            self._start()

        def stop() -> None:
            with self._lock:
                self._leave(job, ring)

        return stop

    def close(self) -> None:
        """Ends the thread within a second or so."""
        self._closed.set()

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._closed.clear()
            self._thread = Thread(target=self._run, name="packsys-listener", daemon=True)
            self._thread.start()

    def _leave(self, job: str, ring: Callable[[], None]) -> None:
        if ring in self._rings[job]:
            self._rings[job].remove(ring)
        if not self._rings[job]:
            del self._rings[job]

    def _run(self) -> None:
        failures = 0
        while not self._closed.is_set():
            try:
                for heard in self._hear():
                    failures = 0
                    self._ring(heard)
            except psycopg.Error as error:
                log.warning("listener.broken", extra={"cause": str(error).strip()})
                self._closed.wait(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1

    def _hear(self) -> Iterable[str | None]:
        """Gives the jobs that something happens to, and None where it may have happened to any."""
        with self._database.dial() as connection:
            connection.execute(f"listen {CHANNEL}")
            yield None
            while not self._closed.is_set():
                for notice in connection.notifies(timeout=_GLANCE):
                    yield notice.payload

    def _ring(self, job: str | None) -> None:
        with self._lock:
            if job is None:
                rings = [ring for rings in self._rings.values() for ring in rings]
            else:
                rings = list(self._rings.get(job, ()))
        for ring in rings:
            self._try(ring)

    def _try(self, ring: Callable[[], None]) -> None:
        try:
            ring()
        except Exception:  # the others must hear all the same
            log.exception("listener.ring_failed")
