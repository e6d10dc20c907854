"""Keeps claims alive while pack code runs."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock, Thread

from packsys.errors import PacksysError
from packsys.model import Claim
from packsys.ports import StepStore

log = logging.getLogger(__name__)

_Name = tuple[str, str, int]


class Heartbeats:
    """Renews all claims of a process together, three times per lease, from one thread.

    The thread starts with the first claim, in the process that holds it. A claim that was lost is renewed no more:
    its fencing number keeps this worker from committing.
    """

    def __init__(
        self,
        steps: StepStore,
        *,
        lease: float,
        lost: Callable[[int], None] = lambda claims: None,
        missed: Callable[[], None] = lambda: None,
    ) -> None:
        """Takes where claims are kept, the seconds of a lease, and who is told of lost claims and missed beats."""
        self._steps, self._lease = steps, lease
        self._lost, self._missed = lost, missed
        self._claims: dict[_Name, Claim] = {}
        self._beside: dict[_Name, tuple[Callable[[], None], ...]] = {}
        self._lock = Lock()
        self._process: int | None = None

    @contextmanager
    def holding(self, claims: Iterable[Claim]) -> Iterator[Callable[[Iterable[Claim]], None]]:
        """Renews claims until the block ends, or those that are given instead to what it gives."""
        self._start()
        held: set[_Name] = set()

        def hold(instead: Iterable[Claim]) -> None:
            named = {_name(claim): claim for claim in instead}
            with self._lock:
                for name in held - named.keys():
                    self._claims.pop(name, None)
                # What was held already may have been lost, and is not held again.
                self._claims.update({name: claim for name, claim in named.items() if name not in held})
            held.clear()
            held.update(named)

        hold(claims)
        try:
            yield hold
        finally:
            hold(())

    @contextmanager
    def beside(self, claim: Claim, *also: Callable[[], None]) -> Iterator[None]:
        """Does something else each time that a claim which is held was renewed, until the block ends."""
        self._beside[_name(claim)] = also
        try:
            yield
        finally:
            self._beside.pop(_name(claim), None)

    def beat(self) -> None:
        """Renews what is held now, and forgets what was lost.

        For a step at which somebody else is at work nothing waits: the other claims would run out meanwhile.
        """
        with self._lock:
            claims = dict(self._claims)
        if not claims:
            return
        renewed = self._steps.renew(list(claims.values()), lease=self._lease, wait=False)
        kept = {_name(claim) for claim in renewed}
        for also in [each for name in kept for each in self._beside.get(name, ())]:
            also()
        with self._lock:  # what is not held any more has ended meanwhile, and is not lost
            lost = [name for name in claims.keys() - kept if self._claims.pop(name, None)]
        if lost:
            self._lost(len(lost))

    def _start(self) -> None:
        if self._process == os.getpid():
            return
        with self._lock:
            if self._process != os.getpid():
                self._process = os.getpid()
                Thread(target=self._run, name="packsys-heartbeats", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(self._lease / 3)
            try:
                self.beat()
            except PacksysError as error:  # the database is away: try again, the lease decides
                self._missed()
                log.warning("heartbeat.missed", extra={"cause": error.message})


def _name(claim: Claim) -> _Name:
    return claim.step.job, claim.step.key, claim.attempt
