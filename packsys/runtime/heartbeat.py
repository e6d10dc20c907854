"""Keeps claims alive while pack code runs."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock, Thread
from typing import Generic, Protocol, TypeVar

from packsys.errors import PacksysError

log = logging.getLogger(__name__)


class Held(Protocol):
    """Is a claim, which has a name among all claims of its kind."""

    @property
    def name(self) -> Hashable:
        """Names it."""


Claimed = TypeVar("Claimed", bound=Held)


class Renew(Protocol[Claimed]):
    """Renews claims where they are kept."""

    def __call__(self, claims: Sequence[Claimed], *, lease: float) -> Sequence[Claimed]:
        """Holds claims for ``lease`` more seconds, and lists those that were not lost; it waits for nobody.

        Those at which somebody is at work are given as they are: the others would run out meanwhile.
        """


class Heartbeats(Generic[Claimed]):
    """Renews all claims of a process together, three times per lease, from one thread.

    The thread starts with the first claim, in the process that holds it. A claim that was lost is renewed no more:
    its fencing number keeps this worker from committing.
    """

    def __init__(
        self,
        renew: Renew[Claimed],
        *,
        lease: float,
        lost: Callable[[int], None] = lambda claims: None,
        missed: Callable[[], None] = lambda: None,
    ) -> None:
        """Takes what renews claims, the seconds of a lease, and who is told of lost claims and missed beats."""
        self._renew, self._lease = renew, lease
        self._lost, self._missed = lost, missed
        self._claims: dict[Hashable, Claimed] = {}
        self._beside: dict[Hashable, tuple[Callable[[], object], ...]] = {}
        self._lock = Lock()
        self._process: int | None = None

    @contextmanager
    def holding(self, claims: Iterable[Claimed]) -> Iterator[Callable[[Iterable[Claimed]], None]]:
        """Renews claims until the block ends, or those that are given instead to what it gives."""
        self._start()
        held: set[Hashable] = set()

        def hold(instead: Iterable[Claimed]) -> None:
            named = {claim.name: claim for claim in instead}
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
    def beside(self, claim: Claimed, *also: Callable[[], object]) -> Iterator[None]:
        """Does something else each time that a claim which is held was renewed, until the block ends.

        What is under way when it ends is not waited for.
        """
        self._beside[claim.name] = also
        try:
            yield
        finally:
            self._beside.pop(claim.name, None)

    def beat(self) -> None:
        """Renews what is held now, and forgets what was lost."""
        with self._lock:
            claims = dict(self._claims)
        if not claims:
            return
        kept = {claim.name for claim in self._renew(list(claims.values()), lease=self._lease)}
        for also in [each for name in kept for each in self._beside.get(name, ())]:
            _try(also)
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
            except Exception as error:  # try again, the lease decides; as a rule the database is away
                self._missed()
                _tell("heartbeat.missed", error)


def _try(also: Callable[[], object]) -> None:
    try:
        also()
    except Exception as error:  # what is done beside other claims must be done all the same
        _tell("heartbeat.alone", error)


def _tell(event: str, error: Exception) -> None:
    if isinstance(error, PacksysError):
        log.warning(event, extra={"cause": error.message})
    else:
        log.error(event, exc_info=error)
