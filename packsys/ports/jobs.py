"""Sockets for jobs and their steps, from acceptance to outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from packsys.errors import IdempotencyMismatch
from packsys.language.invocation import Invocation
from packsys.model import Claim, Job, Progress, Route, Stall, Step
from packsys.turns import NOTHING, Ahead, Claimed, Committed, Opening, Settled, Start, Taken
from packsys.values import Value


class JobStore(Protocol):
    """Keeps jobs from acceptance to outcome."""

    def accept(
        self, job: Job, *, idempotency_key: str | None = None, fingerprint: str = "", opening: Opening = NOTHING
    ) -> Job:
        """Keeps a new job and what it begins with, or gives back the one that this key was accepted with.

        Raises :class:`~packsys.errors.IdempotencyMismatch` when the key came with another fingerprint.
        """

    def accept_many(self, starts: Sequence[Start]) -> Sequence[Job | IdempotencyMismatch]:
        """Keeps new jobs as :meth:`accept` does each, in one moment, and gives what became of each.

        Of several with the same key the first is kept, and the others are that job or a mismatch.
        """

    def keeping(self, starts: Sequence[Start]) -> Callable[[], Sequence[Job | IdempotencyMismatch]]:
        """Begins what :meth:`accept_many` does, and gives what waits for its end: that is to be called, and once."""

    def get(self, job: str, *, workspace: str | None = None) -> Job:
        """Finds a job; raises :class:`~packsys.errors.NotFound` when it is absent or another workspace's."""

    def finish(
        self,
        job: str,
        outcome: Value,
        *,
        settled: Sequence[Settled] = (),
        ahead: Sequence[Ahead] = (),
        worker: str = "",
        known: int = 0,
    ) -> bool:
        """Ends a live job as done, or as failed when the outcome is an error value; False when it had ended.

        False, too, where fewer outcomes of its steps are kept than were ``known`` when that was decided: a crash of the
        database took some back.

        With ``settled`` it commits those steps' outcomes in the same moment, and the calls that ``worker`` made
        ``ahead`` of that; False, and no end, when one of the claims was lost.
        """

    def cancel(self, job: str) -> bool:
        """Ends a live job as cancelled; False when it had ended."""


class ClaimStore(Protocol):
    """Keeps the claims of those who make calls."""

    def renew(self, claims: Sequence[Claim], *, lease: float) -> Sequence[Claim]:
        """Holds claims for ``lease`` more seconds, and lists those that were not lost."""

    def postpone(self, claim: Claim, *, delay: float, cause: str, tried: bool = True) -> bool:
        """Gives a claim back, to be due in ``delay`` seconds; False when it was lost.

        With ``tried=False`` it does not count as an attempt: the call was not begun.
        """

    def rouse(self, places: Sequence[tuple[str, str]]) -> Sequence[tuple[Step, Route]]:
        """Makes waiting steps of live jobs, named by job and key, due now, and gives them with their routes."""


class StepStore(ClaimStore, Protocol):
    """Keeps the steps of jobs, and lets one worker at a time commit one."""

    def renew(self, claims: Sequence[Claim], *, lease: float, wait: bool = True) -> Sequence[Claim]:
        """Holds claims for ``lease`` more seconds, and lists those that were not lost.

        Who does not ``wait`` leaves out those on whose steps somebody is at work, and is given them as they are.
        """

    def add(self, job: str, invocations: Sequence[Invocation], *, look_at: int = 0, known: int = 0) -> Sequence[Step]:
        """Keeps the calls that are new to a live job as one queued wave, and gives back the new ones only.

        Keeps nothing where fewer outcomes of its steps are kept than were ``known`` when that was decided, as above.
        """

    def take(
        self,
        job: str,
        invocations: Sequence[Invocation],
        *,
        worker: str,
        lease: float,
        look_at: int = 0,
        settled: Sequence[Settled] = (),
        ahead: Sequence[Ahead] = (),
        known: int = 0,
    ) -> Taken | None:
        """Adds a wave as :meth:`add` does and claims its first new step, in one moment.

        With ``settled`` it commits those steps' outcomes before, and the calls that were made ``ahead`` of that; None,
        and no wave, when one of the claims was lost.
        """

    def of(self, job: str) -> Sequence[Step]:
        """Lists a job's steps by number."""

    def claim(self, job: str, keys: Sequence[str], *, worker: str, lease: float, look: bool = True) -> Claimed:
        """Takes those due steps of a live job for ``lease`` seconds that are not held, kept or ended.

        Actions it takes only one at a time: none where several steps are asked for. ``look`` asks for the job where
        nothing else of it is open.
        """

    def keep(self, settled: Sequence[Settled]) -> Committed:
        """Commits the outcomes of some steps of one job, each once: those whose claims were not lost."""


class ProgressStore(Protocol):
    """Counts the steps of jobs; no value is read for it."""

    def of(self, job: str) -> Progress:
        """Tells how far a job is."""


class UpkeepStore(Protocol):
    """Finds what stands still. Every method may run in several processes at once."""

    def expire(self) -> Sequence[str]:
        """Fails the jobs whose deadline has passed, and lists them."""

    def release(self, *, attempts: int) -> Sequence[Stall]:
        """Queues steps whose lease ran out; the ones tried ``attempts`` times fail as ``WorkerLost``."""

    def stalled(self, *, grace: float, patient: bool = True) -> Sequence[Stall]:
        """Lists due steps that nobody took, and jobs that nobody advances, for ``grace`` seconds.

        Marks them as sent now. Who is ``patient`` is listed the same step only after twice as long each time.
        """
