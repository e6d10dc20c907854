"""Moves a job on: the next wave, or its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from packsys.language.codec import loads
from packsys.model import Claim, Job, Step
from packsys.planner.rounds import Finished, Wave, next_wave
from packsys.ports import Dispatcher, JobStore, StepStore
from packsys.turns import Progress, Settled
from packsys.values import ErrorValue

MOST_WAVES = 50
"""Waves of one job; each waits for one before it."""

MOST_BYTES = 64_000_000
"""Bytes of JSON that the results of one job may take: a worker holds them all when it moves the job on."""

SLICE = 5.0
"""Seconds after which a worker that went on with a job lets the next call take its turn in the queue."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Is a claim on a call that a worker goes on with, and the job's progress if it is the only one that is open."""

    claim: Claim
    progress: Progress | None = None


@dataclass(frozen=True, kw_only=True)
class Advance:
    """Decides with the outcomes at hand what a job needs now, keeps that, and then sends it.

    Calling it twice, or at the same time, is harmless: a step is added once, and only who added it sends it. ``worker``
    names this process in events, ``lease`` is how many seconds it may be silent, ``clock`` counts seconds.
    """

    jobs: JobStore
    steps: StepStore
    dispatcher: Dispatcher
    worker: str
    lease: float
    clock: Callable[[], float]

    def __call__(self, job_id: str) -> None:
        """Sends the calls that became possible, or keeps the answer."""
        job = self.jobs.get(job_id)
        if job.state.final:
            return
        progress = _progress(job, self.steps.of(job_id))
        match decide(progress):
            case Finished(value):
                self.jobs.finish(job.id, value)
            case Wave() as wave:
                if added := self.steps.add(job.id, wave.invocations, look_at=wave.look_at):
                    self.dispatcher.wave(added, route=job.route)

    def after(self, settled: Settled, progress: Progress | None, *, until: float) -> Turn | None:
        """Commits an outcome, and what follows from it; gives the call to go on with, if there is one.

        With ``progress`` the settled call was the only one that was open. After ``until`` everything is sent.
        """
        if progress is not None:
            return self._move(_grown(progress, settled), settled, until)
        kept = self.steps.keep(settled.claim, settled.outcome, cached=settled.cached)
        if kept is None or kept.progress is None or self.dispatcher.joins:
            return None
        return self._move(kept.progress, None, until)

    def _move(self, progress: Progress, settled: Settled | None, until: float) -> Turn | None:
        match decide(progress):
            case Finished(value):
                self.jobs.finish(progress.job, value, settled=settled)
                return None
            case Wave() as wave:
                return self._go_on(progress, wave, settled, until)

    def _go_on(self, progress: Progress, wave: Wave, settled: Settled | None, until: float) -> Turn | None:
        if self.clock() >= until:
            self._hand_over(progress, wave, settled)
            return None
        taken = self.steps.take(
            progress.job,
            wave.invocations,
            worker=self.worker,
            lease=self.lease,
            look_at=wave.look_at,
            settled=settled,
        )
        if taken is None or taken.claim is None:
            return None
        if len(taken.steps) > 1:
            self.dispatcher.wave(taken.steps[1:], route=progress.route)
        alone = len(taken.steps) == 1 and progress.open == 0
        return Turn(claim=taken.claim, progress=replace(progress, waves=taken.claim.step.wave) if alone else None)

    def _hand_over(self, progress: Progress, wave: Wave, settled: Settled | None) -> None:
        if settled is not None and not self.steps.keep(settled.claim, settled.outcome, cached=settled.cached):
            return
        if added := self.steps.add(progress.job, wave.invocations, look_at=wave.look_at):
            self.dispatcher.wave(added, route=progress.route)


def decide(progress: Progress) -> Wave | Finished:
    """Decides from a job's outcomes and nothing else; a budget that is used up is its outcome, as an error value."""
    if progress.bytes > MOST_BYTES:
        return Finished(_too_much("The results of its calls take", progress.bytes, MOST_BYTES, "bytes"))
    decision = next_wave(
        loads(progress.tree),
        variables=progress.variables,
        outcomes=progress.outcomes,
        now=progress.asked_at,
        timezone=progress.timezone,
        locale=progress.locale,
    )
    if isinstance(decision, Wave) and progress.waves >= MOST_WAVES and progress.open == 0:
        return Finished(_too_much("It needs calls that wait for", progress.waves + 1, MOST_WAVES, "waves of others"))
    return decision


def _too_much(what: str, found: int, most: int, unit: str) -> ErrorValue:
    return ErrorValue(
        "Budget", f"The formula is too large. {what} {found} {unit}: {most} are the most; split it into several."
    )


def _grown(progress: Progress, settled: Settled) -> Progress:
    return replace(progress, outcomes={**progress.outcomes, settled.claim.step.key: settled.outcome})


def _progress(job: Job, steps: Sequence[Step]) -> Progress:
    return Progress(
        job=job.id,
        tree=job.tree,
        variables=job.variables,
        asked_at=job.asked_at or job.accepted_at,
        timezone=job.timezone,
        locale=job.locale,
        route=job.route,
        waves=max((step.wave for step in steps), default=0),
        open=sum(not step.state.final for step in steps),
        bytes=0,
        outcomes={step.key: step.outcome for step in steps if step.state.final},
    )
