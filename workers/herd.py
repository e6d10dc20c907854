"""Keeps a number of worker processes running."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
_PAUSE = 1.0


class Herd:
    """Forks a process for each piece of work, starts one again that died, and ends with the last when it is told to.

    A signal to end is passed on; the processes end by themselves when this one has died.
    """

    def __init__(self, works: Sequence[Callable[[], int]]) -> None:
        """Takes what each process does; it gives its exit code."""
        self._works = works
        self._running: dict[int, int] = {}
        self._ending = False
        self._alive = os.pipe()

    def __call__(self) -> int:
        """Runs until all have ended, and gives the first exit code that is not 0."""
        for number in _SIGNALS:
            signal.signal(number, self._pass_on)
        for place in range(len(self._works)):
            self._fork(place)
        return self._watch()

    def _watch(self) -> int:
        code = 0
        while self._running:
            pid, status = os.wait()
            place = self._running.pop(pid, None)
            if place is None:
                continue
            code = code or abs(os.waitstatus_to_exitcode(status))
            if not self._ending and os.waitstatus_to_exitcode(status) < 0:
                time.sleep(_PAUSE)
                self._fork(place)
            elif not self._ending:
                self._pass_on(signal.SIGTERM, None)
        return code

    def _fork(self, place: int) -> None:
        pid = os.fork()
        if pid:
            self._running[pid] = place
            return
        code = 1
        try:
            code = self._run(place)
        finally:
            os._exit(code)

    def _run(self, place: int) -> int:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        os.close(self._alive[1])
        threading.Thread(target=self._follow, name="packsys-herd", daemon=True).start()
        return self._works[place]()

    def _follow(self) -> None:
        os.read(self._alive[0], 1)  # ends when the parent does
        os.kill(os.getpid(), signal.SIGTERM)

    def _pass_on(self, number: int, _: FrameType | None) -> None:
        self._ending = True
        for pid in list(self._running):
            os.kill(pid, number)
