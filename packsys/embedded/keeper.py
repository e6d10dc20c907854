"""The thread that starts and ends processes, one piece of work after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

PAUSE = 0.002


@dataclass
class Work:
    """Is a piece of work and what became of it."""

    do: Callable[[], None]
    done: bool = False
    error: BaseException | None = None

    def ready(self) -> bool:
        """Says whether it is done; raises what it raised."""
        if self.error:
            raise self.error
        return self.done

    def wait(self) -> None:
        """Waits until it is done; raises what it raised."""
        while not self.ready():
            time.sleep(PAUSE)


class Keeper:
    """Does work in one thread of its own, in which no Ctrl-C is ever raised.

    Thread pools and futures would do, were it not for Ctrl-C: it may come when the caller has just taken a lock that it
    shares with the thread, and then keeps for ever. Here nothing is shared but a queue and attributes.
    """

    def __init__(self) -> None:
        """Starts the thread; it is a daemon, so that it keeps no program from ending."""
        self._queue: SimpleQueue[Work | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="embedded-keeper", daemon=True)
        self._thread.start()

    def submit(self, do: Callable[[], None]) -> Work:
        """Takes work to do when what came before is done."""
        work = Work(do)
        self._queue.put(work)
        return work

    def finish(self, do: Callable[[], None]) -> None:
        """Does a last piece of work and ends the thread; raises a Ctrl-C that came meanwhile when all is done.

        Finishing again does nothing.
        """
        if not self._thread.is_alive():
            return
        last = self.submit(do)
        self._queue.put(None)
        interrupts = []
        while self._thread.is_alive():
            try:
                self._thread.join()
            except KeyboardInterrupt as interrupt:
                interrupts.append(interrupt)
        last.ready()
        if interrupts:
            raise interrupts[0]

    def _run(self) -> None:
        while work := self._queue.get():
            try:
                work.do()
            except BaseException as error:  # whoever asked for the work sees it
                work.error = error
            work.done = True
