"""packsys, by its public doors: submission, and the bell that rings for a job."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.execution.engine import PATIENCE, Wait
from benchmarks.execution.shapes import Shape
from packsys.bootstrap import Services
from packsys.model import Job, Submission
from packsys.runtime.batch import Answer

GLANCE = 1.0
"""Seconds after which a waiter looks although no bell rang, as the service does."""


@dataclass(frozen=True)
class Bell:
    """Waits for the end of a job: the only place here that knows how one listens."""

    services: Services

    def wait(self, job: str) -> Job:
        """Gives the ended job; raises TimeoutError."""
        rung, until = threading.Event(), time.monotonic() + PATIENCE
        stop = self.services.feed.listen(job, rung.set)
        try:
            while time.monotonic() < until:
                rung.wait(GLANCE)  # it rings as soon as it can be heard
                rung.clear()
                if (found := self.services.jobs.get(job)).state.final:
                    return found
            raise TimeoutError(f"The job {job} has not ended.")
        finally:
            stop()


@dataclass(frozen=True)
class Ours:
    """Runs formulas through submission, its stores, and Celery workers."""

    services: Services

    def submit(self, shape: Shape, seed: int) -> Wait:
        """Begins a job."""
        job = self.services.submit(Submission(formula=shape.formula, variables={"seed": seed}))
        return partial(self._value, job.id)

    def submit_many(self, shape: Shape, seeds: Sequence[int]) -> Sequence[Wait]:
        """Begins jobs together; raises what any of them is refused with."""
        asked = [Submission(formula=shape.formula, variables={"seed": seed}) for seed in seeds]
        return [partial(self._value, _accepted(answer).id) for answer in self.services.submit_many(asked)]

    def _value(self, job: str) -> object:
        ended = Bell(self.services).wait(job)
        return ended.value if ended.error is None else ended.error


def _accepted(answer: Answer) -> Job:
    if isinstance(answer, Job):
        return answer
    raise answer
