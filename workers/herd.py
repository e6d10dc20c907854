"""Keeps a number of worker processes running."""

from __future__ import annotations

import logging
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

log = logging.getLogger(__name__)

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)

PAUSE, LONGEST = 0.5, 30.0
"""Seconds before a process is started again that ended: the first time, and at most."""

STEADY = 10.0
"""Seconds after which a process has not ended at once."""


class Herd:
    """Forks a process for each piece of work, starts again whichever ends by itself, and ends when it is told to.

    However a process ended, another takes its place after ``pause`` seconds, and after twice as many each time that it
    ends at once. A signal to end is passed on, and nothing is started any more; the processes end by themselves when
    this one has died.
    """

    def __init__(self, works: Sequence[Callable[[], int]], *, pause: float = PAUSE) -> None:
        """Takes what each process does; it gives its exit code."""
        self._works, self._pause = works, pause
        self._running: dict[int, int] = {}
        self._due = dict.fromkeys(range(len(works)), 0.0)
        self._since = dict.fromkeys(range(len(works)), 0.0)
        self._falls = dict.fromkeys(range(len(works)), 0)
        self._code, self._ending = 0, False
        self._alive, self._bell = os.pipe(), os.pipe()

    def __call__(self) -> int:
        """Runs until it is told to end and all have ended, and gives the first exit code then that is not 0."""
        for end in self._bell:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._bell[1], warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _heard)
        for number in _SIGNALS:
            signal.signal(number, self._pass_on)
        while self._running or not self._ending:
            self._start()
            self._doze()
            self._reap()
        return self._code

    def _start(self) -> None:
        for place, due in list(self._due.items()):
            with _held_back():
                if not self._ending and due <= time.monotonic():
                    del self._due[place]
                    self._fork(place)

    def _doze(self) -> None:
        """Waits for a signal, or until a process is due."""
        due = None if self._ending or not self._due else max(0.0, min(self._due.values()) - time.monotonic())
        if self._running or not self._ending:
            select.select([self._bell[0]], [], [], due)
        with suppress(BlockingIOError):
            os.read(self._bell[0], 1000)

    def _reap(self) -> None:
        for pid, place in list(self._running.items()):
            with _held_back():
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    del self._running[pid]
                    self._bury(place, os.waitstatus_to_exitcode(status))

    def _bury(self, place: int, code: int) -> None:
        if self._ending:
            self._code = self._code or abs(code)
            return
        now = time.monotonic()
        self._falls[place] = 1 if now - self._since[place] > STEADY else self._falls[place] + 1
        pause = self._pause * min(LONGEST / self._pause, 2 ** (self._falls[place] - 1))
        self._due[place] = now + pause
        log.error("worker.ended", extra={"place": place + 1, "exitcode": code, "again_in": pause})

    def _fork(self, place: int) -> None:
        self._since[place] = time.monotonic()
        pid = os.fork()
        if pid:
            self._running[pid] = place
            return
        code = 1
        try:
            code = self._run(place)
        except BaseException:  # nobody else would say why it ended
            log.exception("worker.broken", extra={"place": place + 1})
        finally:
            os._exit(code)

    def _run(self, place: int) -> int:
        signal.set_wakeup_fd(-1)
        for number in (*_SIGNALS, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        for end in (self._alive[1], *self._bell):
            os.close(end)
        threading.Thread(target=self._follow, name="packsys-herd", daemon=True).start()
        return self._works[place]()

    def _follow(self) -> None:
        os.read(self._alive[0], 1)  # ends when the parent does
        os.kill(os.getpid(), signal.SIGTERM)

    def _pass_on(self, number: int, _: FrameType | None) -> None:
        self._ending = True
        for pid in list(self._running):
            os.kill(pid, number)


def _heard(number: int, _: FrameType | None) -> None:
    """Lets a signal wake who waits for one."""


@contextmanager
def _held_back() -> Iterator[None]:
    """Holds signals back while a process is forked, which must be told as well, and must not tell its sisters.

    And while one is struck off that has ended: a signal could not be passed on to it, or reached a stranger.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
