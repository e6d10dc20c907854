"""Moves a job on: the next wave, or its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from packsys.language.codec import loads
from packsys.language.interpreter import Invocation
from packsys.model import Job, Step
from packsys.planner.rounds import Finished, Wave, next_wave
from packsys.ports import Dispatcher, JobStore, StepStore
from packsys.values import ErrorValue

MOST_WAVES = 50
"""Waves of one job; each waits for the one before it."""


@dataclass(frozen=True)
class Advance:
    """Decides with the outcomes at hand what a job needs now, keeps that, and then sends it.

    Calling it twice, or at the same time, is harmless: a step is added once, and only who added it sends it.
    """

    jobs: JobStore
    steps: StepStore
    dispatcher: Dispatcher

    def __call__(self, job_id: str) -> None:
        """Sends the calls that became possible, or keeps the answer."""
        job = self.jobs.get(job_id)
        if not job.state.final:
            self._move(job, self.steps.of(job_id))

    def _move(self, job: Job, steps: Sequence[Step]) -> None:
        match _decide(job, steps):
            case Finished(value):
                self.jobs.finish(job.id, value)
            case Wave(invocations):
                self._add(job.id, invocations, steps)

    def _add(self, job: str, invocations: Sequence[Invocation], steps: Sequence[Step]) -> None:
        known = {step.key for step in steps}
        new = [invocation for invocation in invocations if invocation.key not in known]
        if new and len({step.wave for step in steps}) >= MOST_WAVES:
            self.jobs.finish(job, _too_many_waves())
        elif added := self.steps.add(job, new):
            self.dispatcher.wave(job, added)


def _decide(job: Job, steps: Sequence[Step]) -> Wave | Finished:
    kept = {step.key: step.outcome for step in steps if step.state.final}
    return next_wave(
        loads(job.tree),
        variables=job.variables,
        outcomes=kept,
        now=job.accepted_at,
        timezone=job.timezone,
        locale=job.locale,
    )


def _too_many_waves() -> ErrorValue:
    return ErrorValue("Budget", f"The formula needs more than {MOST_WAVES} waves of calls: make its chain shorter.")
