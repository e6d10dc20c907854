"""Passes on what the stores of jobs and steps made happen.

It stands around stores that do not say which events they wrote, and reads those after each operation. Stores that give
their events need none of this: who calls them hands the events to the feed.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from packsys.errors import PacksysError
from packsys.language.invocation import Invocation
from packsys.model import Claim, Job, Stall, Step
from packsys.ports import EventStore, Feed, JobStore, StepStore, UpkeepStore
from packsys.values import Value

log = logging.getLogger(__name__)

KNOWN = 10_000
"""Jobs of which the last number that was passed on is remembered; of others all events are passed on again."""


class Announcer:
    """Passes the new events of a job on."""

    def __init__(self, events: EventStore, feed: Feed) -> None:
        """Takes where events are and where they go."""
        self._events, self._feed = events, feed
        self._last: OrderedDict[str, int] = OrderedDict()
        self._lock = Lock()

    def __call__(self, job: str) -> None:
        """Passes on what is new; what cannot be read now is found by those who follow the job."""
        try:
            news = self._events.since(job, self._last.get(job, 0))
        except PacksysError as error:
            log.warning("events.unannounced", extra={"job": job, "cause": error.message})
        else:
            self._feed.publish(news)
            self._remember(job, news[-1].number if news else 0)

    def _remember(self, job: str, number: int) -> None:
        with self._lock:
            self._last[job] = max(number, self._last.get(job, 0))
            self._last.move_to_end(job)
            if len(self._last) > KNOWN:
                self._last.popitem(last=False)


class AnnouncedJobs:
    """Is a store of jobs whose events are passed on."""

    def __init__(self, jobs: JobStore, announce: Announcer) -> None:
        """Takes the store."""
        self._jobs, self._announce = jobs, announce

    def accept(self, job: Job, *, idempotency_key: str | None = None, fingerprint: str = "") -> Job:
        """Keeps a new job, or gives back the one that this key was accepted with."""
        kept = self._jobs.accept(job, idempotency_key=idempotency_key, fingerprint=fingerprint)
        self._announce(kept.id)
        return kept

    def get(self, job: str, *, workspace: str | None = None) -> Job:
        """Finds a job; raises NotFound when it is absent or another workspace's."""
        return self._jobs.get(job, workspace=workspace)

    def finish(self, job: str, outcome: Value) -> bool:
        """Ends a live job as done, or as failed when the outcome is an error value; False when it had ended."""
        if ended := self._jobs.finish(job, outcome):
            self._announce(job)
        return ended

    def cancel(self, job: str) -> bool:
        """Ends a live job as cancelled; False when it had ended."""
        if ended := self._jobs.cancel(job):
            self._announce(job)
        return ended


class AnnouncedSteps:
    """Is a store of steps whose events are passed on."""

    def __init__(self, steps: StepStore, announce: Announcer) -> None:
        """Takes the store."""
        self._steps, self._announce = steps, announce

    def add(self, job: str, invocations: Sequence[Invocation]) -> Sequence[Step]:
        """Keeps the calls that are new to a live job as one queued wave, and gives back the new ones only."""
        if added := self._steps.add(job, invocations):
            self._announce(job)
        return added

    def of(self, job: str) -> Sequence[Step]:
        """Lists a job's steps by number."""
        return self._steps.of(job)

    def claim(self, job: str, key: str, *, worker: str, lease: float) -> Claim | None:
        """Takes a due step of a live job for ``lease`` seconds; None when it is held, kept, not due or ended."""
        if claim := self._steps.claim(job, key, worker=worker, lease=lease):
            self._announce(job)
        return claim

    def renew(self, claim: Claim, *, lease: float) -> bool:
        """Holds a claim for ``lease`` more seconds; False when it was lost."""
        return self._steps.renew(claim, lease=lease)

    def keep(self, claim: Claim, outcome: Value, *, cached: bool = False) -> bool:
        """Commits a step's outcome once; False, and nothing written, when the claim was lost."""
        if kept := self._steps.keep(claim, outcome, cached=cached):
            self._announce(claim.step.job)
        return kept

    def postpone(self, claim: Claim, *, delay: float, cause: str, tried: bool = True) -> bool:
        """Gives a claim back, to be due in ``delay`` seconds; False when it was lost."""
        if held := self._steps.postpone(claim, delay=delay, cause=cause, tried=tried):
            self._announce(claim.step.job)
        return held

    def rouse(self, places: Sequence[tuple[str, str]]) -> Sequence[Step]:
        """Makes waiting steps of live jobs, named by job and key, due now, and gives them."""
        return self._steps.rouse(places)


class AnnouncedUpkeep:
    """Is the upkeep of a store whose events are passed on."""

    def __init__(self, upkeep: UpkeepStore, announce: Announcer) -> None:
        """Takes the store."""
        self._upkeep, self._announce = upkeep, announce

    def expire(self) -> Sequence[str]:
        """Fails the jobs whose deadline has passed, and lists them."""
        expired = self._upkeep.expire()
        for job in expired:
            self._announce(job)
        return expired

    def release(self, *, attempts: int) -> Sequence[Stall]:
        """Queues steps whose lease ran out; the ones tried ``attempts`` times fail as ``WorkerLost``."""
        released = self._upkeep.release(attempts=attempts)
        for stall in released:
            self._announce(stall.job)
        return released

    def stalled(self, *, grace: float) -> Sequence[Stall]:
        """Lists due steps that nobody took, and jobs that nobody advances, for ``grace`` seconds."""
        return self._upkeep.stalled(grace=grace)
