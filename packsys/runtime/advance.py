"""Moves a job on: the next wave, or its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from packsys.language.codec import loads
from packsys.language.memory import Memory
from packsys.model import Claim, Job, Route, Step
from packsys.planner.rounds import Finished, Wave, next_wave
from packsys.ports import Dispatcher, JobStore, StepStore
from packsys.runtime.sending import send_kept
from packsys.turns import Ahead, Claimed, Settled, Standing, weight
from packsys.values import ErrorValue

MOST_WAVES = 50
"""Waves of one job; each waits for one before it."""

MOST_BYTES = 64_000_000
"""Bytes of JSON that the results of one job may take: a worker holds them all when it moves the job on."""

SLICE = 5.0
"""Seconds after which a worker that went on with a job lets the next call take its turn in the queue."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Is a claim on a call that a worker goes on with, and the job's standing if it is the only one that is open.

    ``settled`` is what the call came to, where it was made before it was claimed.
    """

    claim: Claim
    standing: Standing | None = None
    settled: Settled | None = None


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
        standing = _standing(job, self.steps.of(job_id))
        match decide(standing):
            case Finished(value):
                self.jobs.finish(job.id, value, known=len(standing.outcomes))
            case Wave() as wave:
                if added := self.steps.add(
                    job.id, wave.invocations, look_at=wave.look_at, known=len(standing.outcomes)
                ):
                    self._send(added, job.route)

    def claim(self, job: str, keys: Sequence[str]) -> Claimed:
        """Takes what is due and free of some steps of a job."""
        return self.steps.claim(job, keys, worker=self.worker, lease=self.lease, look=not self.dispatcher.joins)

    def keep(self, settled: Sequence[Settled]) -> Standing | None:
        """Commits outcomes, and gives the job's standing where it is for this worker to look at it."""
        kept = self.steps.keep(settled)
        if kept.standing is not None and not self.dispatcher.joins:
            return kept.standing
        if len(kept.settled) < len(settled):
            self(settled[0].claim.step.job)
        return None

    def move(
        self,
        standing: Standing,
        decision: Wave | Finished,
        *,
        settled: Sequence[Settled] = (),
        ahead: Sequence[Ahead] = (),
        until: float,
    ) -> Turn | None:
        """Does what was decided; gives the call to go on with, if there is one.

        It commits ``settled``, the only steps that were open, and the calls that were made ``ahead`` of that, with it.
        After ``until`` everything is sent.
        """
        match decision:
            case Finished(value):
                known = 0 if settled else len(standing.outcomes)  # claims that hold tell that nothing was taken back
                if not self.jobs.finish(
                    standing.job, value, settled=settled, ahead=ahead, worker=self.worker, known=known
                ):
                    self._lost(standing, settled)
                return None
            case Wave() as wave if self.clock() >= until and not ahead:
                self._hand_over(standing, wave, settled)
                return None
            case Wave() as wave:
                return self.take(standing, wave, settled=settled, ahead=ahead)

    def take(
        self, standing: Standing, wave: Wave, *, settled: Sequence[Settled] = (), ahead: Sequence[Ahead] = ()
    ) -> Turn | None:
        """Commits as :meth:`move` does, adds a wave, claims its first call and sends the others."""
        taken = self.steps.take(
            standing.job,
            wave.invocations,
            worker=self.worker,
            lease=self.lease,
            look_at=wave.look_at,
            settled=settled,
            ahead=ahead,
            known=0 if settled else len(standing.outcomes),
        )
        if taken is None:
            self._lost(standing, settled)
        if taken is None or taken.claim is None:
            return None
        if len(taken.steps) > 1:
            self._send(taken.steps[1:], standing.route)
        alone = len(taken.steps) == 1 and standing.open == 0
        return Turn(claim=taken.claim, standing=replace(standing, waves=taken.claim.step.wave) if alone else None)

    def _send(self, wave: Sequence[Step], route: Route) -> None:
        send_kept(lambda: self.dispatcher.wave(wave, route=route), jobs=[wave[0].job])

    def _lost(self, standing: Standing, settled: Sequence[Settled]) -> None:
        if settled:
            self(standing.job)

    def _hand_over(self, standing: Standing, wave: Wave, settled: Sequence[Settled]) -> None:
        if settled and len(self.steps.keep(settled).settled) < len(settled):
            self(standing.job)
        elif added := self.steps.add(
            standing.job, wave.invocations, look_at=wave.look_at, known=len(standing.outcomes)
        ):
            self._send(added, standing.route)


def decide(standing: Standing, memory: Memory | None = None) -> Wave | Finished:
    """Decides from a job's outcomes and nothing else; a budget that is used up is its outcome, as an error value.

    ``memory`` belongs to this job and makes that quicker.
    """
    if standing.bytes > MOST_BYTES:
        return Finished(_too_much("The results of its calls take", standing.bytes, MOST_BYTES, "bytes"))
    decision = next_wave(
        loads(standing.tree),
        variables=standing.variables,
        outcomes=standing.outcomes,
        now=standing.asked_at,
        timezone=standing.timezone,
        locale=standing.locale,
        memory=memory,
    )
    if isinstance(decision, Wave) and standing.waves >= MOST_WAVES and standing.open == 0:
        return Finished(_too_much("It needs calls that wait for", standing.waves + 1, MOST_WAVES, "waves of others"))
    return decision


def _too_much(what: str, found: int, most: int, unit: str) -> ErrorValue:
    return ErrorValue(
        "Budget", f"The formula is too large. {what} {found} {unit}: {most} are the most; split it into several."
    )


def grown(standing: Standing, settled: Sequence[Settled]) -> Standing:
    """Gives the standing after the only open steps of a job came to outcomes."""
    outcomes = {each.claim.step.key: each.outcome for each in settled}
    return replace(
        standing,
        open=0,
        outcomes={**standing.outcomes, **outcomes},
        bytes=standing.bytes + sum(map(weight, outcomes.values())),
    )


def _standing(job: Job, steps: Sequence[Step]) -> Standing:
    outcomes = {step.key: step.outcome for step in steps if step.state.final}
    return Standing(
        job=job.id,
        tree=job.tree,
        variables=job.variables,
        asked_at=job.asked_at or job.accepted_at,
        timezone=job.timezone,
        locale=job.locale,
        route=job.route,
        waves=max((step.wave for step in steps), default=0),
        open=sum(not step.state.final for step in steps),
        bytes=sum(map(weight, outcomes.values())),
        outcomes=outcomes,
    )
