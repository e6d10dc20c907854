"""Runs what one message asks for, and what follows from it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from functools import partial

from packsys.language.memory import Memory
from packsys.model import Claim, Step
from packsys.ports import Dispatcher, Display, Due, StepStore
from packsys.runtime.advance import SLICE, Advance, Turn, decide
from packsys.runtime.ahead import Outing, RunAhead
from packsys.runtime.calling import MakeCall
from packsys.runtime.heartbeat import Heartbeats
from packsys.runtime.patience import waiting
from packsys.runtime.sending import send_kept
from packsys.turns import Claimed, Settled, Standing

SHIFT = 1.0
"""Seconds for which a slot takes the next message by itself: for Celery to bring it costs more than to claim, make
and commit the call. Then Celery sees to the slot again, and to what else was asked of it."""

STAY = 0.05
"""Seconds for which it waits for that message where none is there. For so long at most the chores of the house wait
for a process with one slot."""

LINGER = 0.05
"""Seconds for which an outcome waits at most for those of the calls that are made with it."""


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
    ahead: RunAhead
    heartbeats: Heartbeats[Claim]
    display: Display
    clock: Callable[[], float] = time.monotonic

    def __call__(self, asked: Due) -> None:
        """Runs the step if it is due and free, and then for a while the calls that follow from it, one by one.

        From the queue that its message came from others like it are taken along, and then for a while the next one,
        whatever it calls. Without a queue nothing is.
        """
        until = self.clock() + SHIFT
        due: Due | None = asked
        while due is not None:
            self._run(due)
            due = self.dispatcher.next(asked.queue, wait=STAY) if asked.queue and self.clock() < until else None

    def _run(self, due: Due) -> None:
        """Runs what a message asks for, and those taken along; of these, what cannot be claimed with it afterwards."""
        along = self._along(due)
        claimed = self.advance.claim(due.job, (due.key, *along))
        Spell(self, claimed).run()
        taken = {claim.step.key for claim in claimed.claims}
        for other in along:
            if other not in taken:
                self._run(Due(due.job, other))

    def _along(self, due: Due) -> Sequence[str]:
        most = self.ahead.paces.most(due.call) if due.queue and not due.alone else 0
        return self.dispatcher.along(due.job, due.call, queue=due.queue, most=most) if most else ()


class Spell:
    """Is what a worker does from one message: the calls that it claimed together, then those that follow from them.

    Outcomes of quick calls are committed together. One that is suddenly slow is not waited for: at the next heartbeat
    those that were claimed with it are given back, for others to take.
    """

    def __init__(self, execute: Execute, claimed: Claimed) -> None:
        """Takes the claims."""
        self._execute = execute
        self._waiting, self._standing = deque(claimed.claims), claimed.standing
        self._settled: list[Settled] = []
        self._memory = Memory()
        self._untried = all(claim.attempt == 1 for claim in claimed.claims)
        self._hold: Callable[[Sequence[Claim]], None] = lambda claims: None
        self._shown = ExitStack()
        self._until, self._commit_by = execute.clock() + SLICE, execute.clock() + LINGER

    def run(self) -> None:
        """Goes on until nothing is left to go on with."""
        if not self._waiting:
            return
        with self._execute.heartbeats.holding(self._waiting) as self._hold, self._shown:
            while self._waiting or self._settled:
                if claim := self._next():
                    self._work(claim)
                if not self._waiting or self._execute.clock() >= self._commit_by:
                    self._go_on()

    def _next(self) -> Claim | None:
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def _work(self, claim: Claim) -> None:
        self._show(claim.step)
        begun = self._execute.clock()
        settled = self._execute.make(claim, beside=lambda also: self._beside(claim, also))
        if settled is None:
            self._standing = None  # another step of the job is open
            return
        self._settled.append(settled)
        if not claim.step.invocation.action:
            self._execute.ahead.paces.note(claim.step.invocation.name, self._execute.clock() - begun)

    def _show(self, step: Step) -> None:
        self._shown.enter_context(self._execute.display.show(step))

    def _beside(self, claim: Claim, also: Callable[[], None]) -> AbstractContextManager[None]:
        return self._execute.heartbeats.beside(claim, also, lambda: self._give_back(claim))

    def _go_on(self) -> None:
        """Commits what was settled, and has the claim to go on with wait behind the others."""
        settled, self._settled = self._settled, []
        standing, self._standing = None if self._waiting else self._standing, None
        turn = self._after(settled, standing) if settled else None
        if turn:
            self._standing = turn.standing
            self._take_up(turn)
        self._hold([*self._waiting, *([turn.claim] if turn else [])])
        self._shown.close()
        self._commit_by = self._execute.clock() + LINGER

    def _take_up(self, turn: Turn) -> None:
        if turn.settled:
            self._settled.append(turn.settled)
        else:
            self._waiting.append(turn.claim)

    def _after(self, settled: Sequence[Settled], standing: Standing | None) -> Turn | None:
        """Does what follows. A result that cost a call is worth some patience with a database that is starting."""
        if standing is not None:
            return self._execute.ahead(
                Outing(
                    settled=settled,
                    standing=standing,
                    untried=self._untried,
                    by=self._commit_by,
                    until=self._until,
                    memory=self._memory,
                    show=self._show,
                    hold=self._hold,
                )
            )
        found = waiting(lambda: self._execute.advance.keep(settled))
        if found is None:
            return None
        decision = decide(found, self._memory)
        return waiting(lambda: self._execute.advance.move(found, decision, until=self._until))

    def _give_back(self, running: Claim) -> None:
        while self._waiting:
            self._standing = None
            with suppress(IndexError):
                claim = self._waiting.pop()
                self._hold([*(each.claim for each in self._settled), running, *self._waiting])
                if self._execute.steps.postpone(claim, delay=0, cause="held_up", tried=False):
                    again = partial(self._execute.dispatcher.again, claim.step, route=claim.route)
                    send_kept(again, jobs=[claim.step.job])
