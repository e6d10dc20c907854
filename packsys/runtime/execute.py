"""Runs what one message asks for, and what follows from it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from packsys.model import Claim
from packsys.ports import Dispatcher, Display, StepStore
from packsys.runtime.advance import SLICE, Advance
from packsys.runtime.calling import MakeCall
from packsys.runtime.heartbeat import Heartbeats
from packsys.runtime.paces import Paces
from packsys.runtime.patience import waiting
from packsys.turns import Claimed, Settled

LINGER = 0.01
"""Seconds for which an outcome waits for those of the calls that were taken with it."""


@dataclass(frozen=True, kw_only=True)
class Execute:
    """Claims a step, makes its call, commits the outcome under the claim, and goes on with what that made possible.

    Calling it twice is harmless: a step that is held or kept is left alone. ``heartbeats`` keep claims alive meanwhile,
    ``display`` shows the calls that it goes on with, ``clock`` counts seconds. Calls to a formula that is quick are
    claimed and committed together with those of the same job that wait behind them: that takes longer than the calls
    do.
    """

    steps: StepStore
    make: MakeCall
    dispatcher: Dispatcher
    advance: Advance
    heartbeats: Heartbeats
    display: Display
    paces: Paces = field(default_factory=Paces)
    clock: Callable[[], float] = time.monotonic

    def __call__(self, job: str, key: str, *, call: str = "", queue: str = "") -> None:
        """Runs the step if it is due and free, and then for a while the calls that follow from it, one by one.

        ``call`` and ``queue`` say what it calls and where its message came from, so that others like it can be taken
        along; of these, those that cannot be claimed together are run by themselves afterwards.
        """
        along = self._along(job, call, queue)
        claimed = self.advance.claim(job, (key, *along))
        Spell(self, claimed, shown=key).run()
        taken = {claim.step.key for claim in claimed.claims}
        for other in along:
            if other not in taken:
                self(job, other)

    def _along(self, job: str, call: str, queue: str) -> Sequence[str]:
        most = self.paces.most(call)
        return self.dispatcher.along(job, call, queue=queue, most=most) if most else ()


class Spell:
    """Is what a worker does from one message: the calls that it claimed together, then those that follow from them.

    Outcomes of quick calls are committed together. One that is suddenly slow is not waited for: at the next heartbeat
    those that were claimed with it are given back, for others to take.
    """

    def __init__(self, execute: Execute, claimed: Claimed, *, shown: str) -> None:
        """Takes the claims; the step ``shown`` is the message's own, which Celery shows."""
        self._execute, self._shown = execute, shown
        self._waiting = deque(claimed.claims)
        self._standing = claimed.standing
        self._settled: list[Settled] = []
        self._until = execute.clock() + SLICE

    def run(self) -> None:
        """Goes on until nothing is left to go on with."""
        if not self._waiting:
            return
        with self._execute.heartbeats.holding(self._waiting) as held, ExitStack() as shown:
            commit_by = self._execute.clock() + LINGER
            while claim := self._next():
                if claim.step.key != self._shown:
                    shown.enter_context(self._execute.display.show(claim.step))
                self._work(claim)
                if not self._waiting or self._execute.clock() >= commit_by:
                    held(self._commit())
                    shown.close()
                    commit_by = self._execute.clock() + LINGER

    def _next(self) -> Claim | None:
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def _work(self, claim: Claim) -> None:
        begun = self._execute.clock()
        settled = self._execute.make(claim, beside=self._give_back)
        if settled is None:
            self._standing = None  # another step of the job is open
            return
        self._settled.append(settled)
        if not claim.step.invocation.action:
            self._execute.paces.note(claim.step.invocation.name, self._execute.clock() - begun)

    def _commit(self) -> Sequence[Claim]:
        """Commits what was settled, and gives the claims to go on with."""
        settled, self._settled = self._settled, []
        standing, self._standing = None if self._waiting else self._standing, None
        if not settled:
            return ()
        # A result that cost a call is worth some patience with a database that is just starting again.
        turn = waiting(lambda: self._execute.advance.after(settled, standing, until=self._until))
        if turn is None:
            return ()
        self._waiting.append(turn.claim)
        self._standing = turn.standing
        return (turn.claim,)

    def _give_back(self) -> None:
        while self._waiting:
            self._standing = None
            with suppress(IndexError):
                claim = self._waiting.pop()
                if self._execute.steps.postpone(claim, delay=0, cause="held_up", tried=False):
                    self._execute.dispatcher.again(claim.step, route=claim.route)
