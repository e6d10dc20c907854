"""Kills workers between any two of their calls to the house, or lets them stall there and come back too late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from packsys.syncmodel import SyncRun
from packsys.syncports import SyncDispatcher
from tests.sync.source import Source
from tests.sync.world import World


class Killed(BaseException):
    """Ends a worker at once, as SIGKILL does: nothing in the house catches it."""


@dataclass
class Fate:
    """Counts the moments before and after each call; at the one that is drawn the worker ends.

    With ``late`` the call that it was about to make is made after all, by a worker that does not know that it is taken
    for dead: while another asks for a page, be it the same one or the one after.
    """

    moments: int = -1
    late: bool = False
    lag: int = 0
    zombies: list[Callable[[], Any]] = field(default_factory=list)

    def pass_by(self, call: Callable[[], Any], name: str) -> Any:
        """Makes a call of this name, unless the worker ends before it or after it."""
        self._moment(call, name)
        result = call()
        self._moment(None, name)
        return result

    def _moment(self, call: Callable[[], Any] | None, name: str) -> None:
        self.moments -= 1
        if self.moments == 0:
            if self.late and call is not None:
                self.zombies.append(call)
            raise Killed

    def come_back(self) -> None:
        """Lets zombies do what they were about to do, once they have slept long enough."""
        self.lag -= bool(self.zombies)
        while self.zombies and self.lag < 0:
            self.zombies.pop()()


@dataclass(frozen=True)
class Mortal:
    """Is a port in the hands of a worker that may end at any of its calls."""

    port: Any
    fate: Fate

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.port, name)
        return lambda *args, **terms: self.fate.pass_by(lambda: method(*args, **terms), name)


def mortal(made: World, fate: Fate, *, bells: SyncDispatcher | None = None) -> World:
    """Gives the same house with a worker that may end at any call; everybody else is as before.

    It rings other ``bells`` than the house's own where there are any.
    """
    serve, work, bells = made.serve, Mortal(made.house.work, fate), Mortal(bells or made.bells, fate)
    shape = replace(serve.read.shape, tables=Mortal(made.house.tables, fate))
    return replace(
        made,
        serve=replace(
            serve,
            work=work,
            read=replace(serve.read, work=work, shape=shape),
            finish=replace(serve.finish, finish=Mortal(made.house.finish, fate)),
            start=replace(serve.start, runs=Mortal(made.house.runs, fate), dispatcher=bells),
            dispatcher=bells,
        ),
    )


def edit(source: Source, edits: list[tuple[str, int | None]]) -> None:
    """Changes the source: None removes a row."""
    for key, value in edits:
        if value is not None:
            source.put(key, value)
        elif key in source.rows:
            source.remove(key)


def survive(made: World, run: SyncRun, blows: list[Any]) -> SyncRun:
    """Serves a run to its end while workers are killed, stall, and messages come twice; the source may change."""
    fate = Fate()
    hurt = mortal(made, fate)
    made.source.meanwhile = fate.come_back
    for moments, late, twice, edits in [*blows, *[(0, False, False, [])] * 60]:
        if made.house.runs.get(run.id).state.final:
            break
        fate.moments, fate.late = moments, late
        fate.lag = fate.lag if fate.zombies else len(edits) % 3
        try:
            made.bells.waiting.extend(list(made.bells.waiting) * twice)
            while made.bells.waiting:
                hurt.serve(*made.bells.waiting.popleft())
        except Killed:
            edit(made.source, edits)
        fate.moments = 0
        made.house.wait(2000)
        made.reconcile()
    fate.lag = 0
    fate.come_back()
    return made.house.runs.get(run.id)
