"""Keeps messages flowing from the lanes of workspaces to the queues that workers read."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from packsys.errors import PacksysError

log = logging.getLogger(__name__)

BUSY = 0.01
"""Seconds between two looks while something waits."""

IDLE = 0.2
"""Seconds between two looks while nothing does: only who sends more than there is room for makes something wait."""


class Flow:
    """Moves messages on from a thread of its own; any number of workers may do so."""

    def __init__(self, flow: Callable[[], int]) -> None:
        """Takes what moves messages on and gives how many lanes still hold some."""
        self._flow = flow

    def start(self) -> None:
        """Starts the thread, which ends with the process."""
        threading.Thread(target=self._run, name="packsys-flow", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(BUSY if self._look() else IDLE)

    def _look(self) -> int:
        try:
            return self._flow()
        except PacksysError as error:
            log.warning("flow.stopped", extra={"cause": error.message})
            return 0
