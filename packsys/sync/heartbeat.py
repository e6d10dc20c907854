"""Keeps a claim alive while pack code runs."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType

from packsys.errors import PacksysError


class Heartbeat:
    """Renews a claim three times per lease, from a thread of its own, until the block ends.

    It stops by itself when the claim is lost: the fencing number keeps this worker from committing.
    """

    def __init__(self, renew: Callable[[], bool], *, lease: float, name: str) -> None:
        """Takes what renews the claim for the seconds of its lease, False when it was lost, and what it is for."""
        self.renew, self.lease = renew, lease
        self.ended = Event()
        self.thread = Thread(target=self._beat, name=f"heartbeat-{name[:8]}", daemon=True)

    def __enter__(self) -> Heartbeat:
        """Starts to renew."""
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops renewing; does not wait for a renewal in flight."""
        self.ended.set()

    def _beat(self) -> None:
        while not self.ended.wait(self.lease / 3):
            if not self._renew():
                return

    def _renew(self) -> bool:
        try:
            return self.renew()
        except PacksysError:
            return True  # the database is away: try again, the lease decides
