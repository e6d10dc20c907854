"""Keeps claims alive while pack code runs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Thread
from typing import TypeAlias

from packsys.errors import PacksysError

Renew: TypeAlias = Callable[[], bool]


class Heartbeats:
    """Renews the claims of a process three times per lease, all from one thread, until their blocks end.

    A claim that was lost is renewed no more: the fencing number keeps this worker from committing.
    """

    def __init__(self, *, lease: float) -> None:
        """Takes the seconds of a lease; the thread starts with the first claim, in the process that holds it."""
        self._lease = lease
        self._held: dict[object, Renew] = {}
        self._process: int | None = None
        self._lock = Lock()

    @contextmanager
    def holding(self, renew: Renew) -> Iterator[None]:
        """Calls what renews a claim, which is False when it was lost, until the block ends; no call is waited for."""
        self._start()
        mine = object()
        self._held[mine] = renew
        try:
            yield
        finally:
            self._held.pop(mine, None)

    def beat(self) -> None:
        """Renews what is held now, and forgets what was lost."""
        for each, renew in list(self._held.items()):
            if not _renewed(renew):
                self._held.pop(each, None)

    def _start(self) -> None:
        if self._process == os.getpid():
            return
        with self._lock:
            if self._process != os.getpid():
                self._process = os.getpid()
                Thread(target=self._run, name="sync-heartbeats", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(self._lease / 3)
            self.beat()


def _renewed(renew: Renew) -> bool:
    try:
        return renew()
    except PacksysError:
        return True  # the database is away: try again, the lease decides
