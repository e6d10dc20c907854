"""Keeps a claim alive while pack code runs."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType

from packsys.errors import PacksysError
from packsys.model import Claim
from packsys.ports import StepStore


class Heartbeat:
    """Renews a claim three times per lease, from a thread of its own, until the block ends.

    It stops by itself when the claim is lost: the fencing number keeps this worker from committing.
    """

    def __init__(
        self, steps: StepStore, claim: Claim, *, lease: float, also: Callable[[], None] = lambda: None
    ) -> None:
        """Takes the claim, the seconds of its lease, and what is to be done ``also`` as long as the claim holds."""
        self.steps, self.claim, self.lease, self.also = steps, claim, lease, also
        self.ended = Event()
        self.thread = Thread(target=self._beat, name=f"heartbeat-{claim.step.key[:8]}", daemon=True)

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
            self.also()

    def _renew(self) -> bool:
        try:
            return self.steps.renew(self.claim, lease=self.lease)
        except PacksysError:
            return True  # the database is away: try again, the lease decides
