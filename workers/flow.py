"""Keeps messages flowing from the lanes of workspaces to the queues that workers read."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from packsys.errors import PacksysError
from packsys.ports import Flowed

log = logging.getLogger(__name__)

SHORTEST, LONGEST = 0.005, 0.2
"""Seconds between two looks: the longest while nothing waits, as only who sends more than there is room for makes
something wait; else as many as it takes the workers to read ``SIP`` messages."""

SIP = 16
"""Messages that are moved on at a look, roughly: fewer look too often, more let the workers wait."""


class Flow:
    """Moves messages on from a thread of its own; any number of workers may do so."""

    def __init__(self, flow: Callable[[], Flowed]) -> None:
        """Takes what moves messages on."""
        self._flow, self._pause = flow, LONGEST

    def start(self) -> None:
        """Starts the thread, which ends with the process."""
        threading.Thread(target=self._run, name="packsys-flow", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(self.look())

    def look(self) -> float:
        """Moves on what there is room for, and gives the seconds until the next look."""
        try:
            flowed = self._flow()
        except PacksysError as error:
            log.warning("flow.stopped", extra={"cause": error.message})
            flowed = Flowed(0)
        self._pause = next_pause(self._pause, flowed)
        return self._pause


def next_pause(pause: float, flowed: Flowed) -> float:
    """Gives the seconds until the next look: as many as bring about ``SIP`` messages at the pace of the last ones."""
    if not flowed.waiting:
        return LONGEST
    return min(LONGEST, max(SHORTEST, pause * min(2.0, SIP / max(flowed.moved, 1))))
