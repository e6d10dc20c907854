"""Makes the calls that follow from outcomes before those are committed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from threading import Lock

from packsys.errors import HouseError, NotReady
from packsys.language.invocation import Invocation
from packsys.language.memory import Memory
from packsys.model import Claim, Step, StepState
from packsys.planner.rounds import Finished, Wave
from packsys.runtime.advance import Advance, Turn, decide, grown
from packsys.runtime.calling import MakeCall
from packsys.runtime.heartbeat import Heartbeats
from packsys.runtime.paces import MOST, Paces
from packsys.runtime.patience import waiting
from packsys.runtime.unwritten import Unwritten
from packsys.turns import Ahead, Settled, Standing


@dataclass(frozen=True, kw_only=True)
class Outing:
    """Is what calls are made ahead of: outcomes that are not committed, and the job's standing before them.

    Nothing else of the job is open. No wave begins ahead after ``by``, and none at all unless all that the worker took
    is ``untried``; after ``until`` the job goes to whoever takes the next message. ``show`` is told of each call that
    is made, ``hold`` of the claims to hold instead of those before.
    """

    settled: Sequence[Settled]
    standing: Standing
    untried: bool
    by: float
    until: float
    memory: Memory
    show: Callable[[Step], None]
    hold: Callable[[Sequence[Claim]], None]


@dataclass(frozen=True, kw_only=True)
class RunAhead:
    """Makes quick calls that follow from outcomes, and then commits all of them in one statement.

    While the claims on those outcomes hold, nothing tells of these calls, and nobody else makes one. A worker that dies
    leaves the whole to be made again; so no action is among them, and nothing runs ahead in a spell that began with a
    step which was tried before: a call that kills its worker is then the one whose attempts are counted. A call that is
    put off, or is suddenly slow, is written down first, with all that came before it, and is a step like any other from
    then on.
    """

    advance: Advance
    make: MakeCall
    unwritten: Unwritten
    heartbeats: Heartbeats[Claim]
    paces: Paces = field(default_factory=Paces)
    clock: Callable[[], float] = time.monotonic

    def __call__(self, outing: Outing) -> Turn | None:
        """Gives the claim to go on with, if there is one."""
        return _Run(self, outing).run()

    def fits(self, wave: Wave, *, made: int) -> bool:
        """Tells whether the calls of a wave may be made after so many others."""
        calls = wave.invocations
        return made + len(calls) <= MOST and all(not call.action and self.paces.most(call.name) for call in calls)


@dataclass(frozen=True)
class _Written:
    """Is what was committed in the midst of a call: how to go on from there, or nothing where it came too late."""

    turn: Turn | None

    def after(self, settled: Settled | None) -> _Written:
        """Gives how to go on after that call; nothing does where it was put off."""
        return _Written(replace(self.turn, settled=settled) if self.turn and settled else None)


class _Run:
    def __init__(self, ahead: RunAhead, outing: Outing) -> None:
        self._ahead, self._outing = ahead, outing
        self._head, self._begun = outing.settled[0].claim, ahead.clock()
        self._standing = grown(outing.standing, outing.settled)
        self._made: list[tuple[Settled, float, float]] = []
        self._rest: Wave | None = None
        self._written: _Written | None = None
        self._lock = Lock()

    def run(self) -> Turn | None:
        decision = decide(self._standing, self._outing.memory)
        while isinstance(decision, Wave) and self._goes(decision):
            if (written := self._make(decision)) is not None:
                return written.turn
            decision = decide(self._standing, self._outing.memory)
        return waiting(lambda: self._commit(decision))

    def _goes(self, wave: Wave) -> bool:
        may = self._outing.untried and self._ahead.clock() < self._outing.by
        return may and self._ahead.fits(wave, made=len(self._made))

    def _make(self, wave: Wave) -> _Written | None:
        """Makes the calls of a wave; gives what was written down meanwhile, if anything was."""
        number = self._standing.waves + 1
        for place, invocation in enumerate(wave.invocations):
            self._rest = replace(wave, invocations=wave.invocations[place:])
            began = self._ahead.clock()
            settled = self._call(self._claim(invocation, wave=number))
            if (written := self._note(settled, began, wave=number)) is not None:
                return written
            self._ahead.paces.note(invocation.name, self._ahead.clock() - began)
        return None

    def _note(self, settled: Settled | None, began: float, *, wave: int) -> _Written | None:
        """Adds what a call came to, unless it was written down in its midst; one that was put off has been."""
        with self._lock:
            self._rest = None
            if self._written is not None:
                return self._written.after(settled)
            if settled is None:
                raise HouseError("A call that ran ahead was put off before it was written down: nobody would make it.")
            self._made.append((settled, began, self._ahead.clock()))
            self._standing = replace(grown(self._standing, (settled,)), waves=wave)
            return None

    def _claim(self, invocation: Invocation, *, wave: int) -> Claim:
        step = Step(
            job=self._standing.job,
            key=invocation.key,
            number=len(self._standing.outcomes) + 1,
            wave=wave,
            invocation=invocation,
            state=StepState.RUNNING,
            attempt=1,
        )
        left = self._head.seconds_left - (self._ahead.clock() - self._begun)
        return replace(self._head, step=step, attempt=1, parked=0, seconds_left=left)

    def _call(self, claim: Claim) -> Settled | None:
        self._outing.show(claim.step)
        with self._ahead.unwritten.holding(claim, self._write):
            try:
                return self._ahead.make(claim, beside=lambda also: self._beside(claim, also))
            except NotReady:
                with suppress(NotReady):
                    self._write()
                raise

    @contextmanager
    def _beside(self, claim: Claim, also: Callable[[], None]) -> Iterator[None]:
        # The heartbeat's thread renews the first claim as long as this one is not written down, and then this one.
        beside = self._ahead.heartbeats.beside
        with beside(self._head, also, self._write), beside(claim, also):
            yield

    def _write(self) -> bool:
        """Commits what was made, and the call that is being made as a claimed step; False when that was too late.

        It does nothing between two calls: a heartbeat may come to it when the call has ended that it is about.
        """
        with self._lock:
            if self._written is None and self._rest is not None:
                turn = self._ahead.advance.take(
                    self._standing, self._rest, settled=self._outing.settled, ahead=self._aged()
                )
                self._written = _Written(turn)
                self._outing.hold([turn.claim] if turn else [])
            return self._written is not None and self._written.turn is not None

    def _commit(self, decision: Wave | Finished) -> Turn | None:
        return self._ahead.advance.move(
            self._standing, decision, settled=self._outing.settled, ahead=self._aged(), until=self._outing.until
        )

    def _aged(self) -> Sequence[Ahead]:
        now = self._ahead.clock()
        return [Ahead(settled=settled, began=now - began, ended=now - ended) for settled, began, ended in self._made]
