"""The thread that starts and ends processes, one piece of work after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue


class Keeper:
    """Does work in one thread of its own, in which no Ctrl-C is ever raised.

    A thread pool would do, but one whose thread is interrupted while it starts keeps the program from ending.
    """

    def __init__(self) -> None:
        """Starts the thread; it is a daemon, and ends with the program if nobody retires it."""
        self._work: SimpleQueue[tuple[Callable[[], None], Future[None]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="embedded-keeper", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[], None]) -> Future[None]:
        """Takes work to do when what came before is done."""
        future: Future[None] = Future()
        self._work.put((work, future))
        return future

    def finish(self, work: Callable[[], None]) -> None:
        """Does a last piece of work and ends the thread; raises a Ctrl-C that came meanwhile when all is done.

        Finishing again does nothing.
        """
        if not self._thread.is_alive():
            return
        future = self.submit(work)
        self._work.put(None)
        interrupts = []
        while self._thread.is_alive():
            try:
                self._thread.join()
            except KeyboardInterrupt as interrupt:
                interrupts.append(interrupt)
        future.result()
        if interrupts:
            raise interrupts[0]

    def _run(self) -> None:
        while (item := self._work.get()) is not None:
            work, future = item
            try:
                work()
            except BaseException as error:  # the one who asked for the work sees it
                future.set_exception(error)
            else:
                future.set_result(None)
