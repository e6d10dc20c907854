"""Moves a job on: the next wave, or its end."""

from __future__ import annotations

from dataclasses import dataclass

from packsys.language.codec import loads
from packsys.model import Job
from packsys.planner.rounds import Finished, Wave, next_wave
from packsys.ports import Dispatcher, JobStore, StepStore


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
            self._move(job, self._decide(job))

    def _decide(self, job: Job) -> Wave | Finished:
        kept = {step.key: step.outcome for step in self.steps.of(job.id) if step.state.final}
        return next_wave(
            loads(job.tree), variables=job.variables, outcomes=kept, now=job.accepted_at, timezone=job.timezone
        )

    def _move(self, job: Job, decision: Wave | Finished) -> None:
        match decision:
            case Finished(value):
                self.jobs.finish(job.id, value)
            case Wave(invocations):
                if added := self.steps.add(job.id, invocations):
                    self.dispatcher.wave(job.id, added)
