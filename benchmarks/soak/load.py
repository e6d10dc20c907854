"""A steady load of every kind of job, over HTTP, whose answers are checked."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

from benchmarks.execution.shapes import MIXED
from packsys.client import Job, Packsys

CLIENTS = 2
PAUSE = 0.1
"""Seconds between two jobs of one client: the machine is busy, and never full."""


@dataclass(frozen=True)
class Kind:
    """Is one kind of job: its formula of ``seed``, the state in which it must end, and its value where it has one."""

    formula: str
    state: str = "done"
    value: Callable[[int], object] = lambda seed: None
    cancelled: bool = False


MANY: Sequence[Kind] = (
    Kind(MIXED.formula, value=MIXED.value),
    Kind("Probe::Remember(41)", value=lambda seed: 41),
    Kind("Probe::Fail(404 + 0 * seed)", state="failed"),
    Kind(MIXED.formula, value=MIXED.value),
    Kind('Probe::Raise(Concatenate("no ", seed))', state="failed"),
    Kind("Probe::Wide(50 + 0 * seed).FormulaMap(Probe::Add(CurrentValue, seed)).Count()", value=lambda seed: 50),
    Kind("Probe::Sleep(0.5, seed)", state="cancelled", cancelled=True),
)


class Load:
    """Gives a service jobs of every kind in turn until it is told to stop, and counts how they ended."""

    def __init__(self, url: str, key: str) -> None:
        """Takes the service's address and a key; nothing is asked yet."""
        self.ended: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._address = url, key
        self._seeds = count(1)
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._go_on, args=(first,)) for first in range(CLIENTS)]

    def prelude(self) -> None:
        """Runs one job of each kind."""
        with Packsys(*self._address) as client:
            for kind in MANY:
                self._one(client, kind)

    def start(self) -> None:
        """Begins."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends after the jobs that are under way."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _go_on(self, first: int) -> None:
        with Packsys(*self._address) as client:
            for number in count(first):
                if self._stopping.wait(PAUSE):
                    return
                self._one(client, MANY[number % len(MANY)])

    def _one(self, client: Packsys, kind: Kind) -> None:
        seed = next(self._seeds)
        job = client.submit(kind.formula, variables={"seed": seed}, wait=0.0 if kind.cancelled else 30.0)
        if kind.cancelled:
            client.cancel(job.id)
        job = client.wait(job.id)
        self.ended[job.state] += 1
        if (trouble := _trouble(job, kind, seed)) is not None:
            self.wrong.append(trouble)


def _trouble(job: Job, kind: Kind, seed: int) -> str | None:
    if job.state != kind.state:
        return f"{kind.formula} ended {job.state}, not {kind.state}: {job.report['error']}"
    if job.state == "done" and job.result() != kind.value(seed):
        return f"{kind.formula} of {seed} gave {job.result()!r}, not {kind.value(seed)!r}"
    return None
