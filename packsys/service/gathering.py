"""Does together what is asked for at the same time, so that what it has in common is paid once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

SIDE_BY_SIDE = 3
"""Groups at once: while some wait for the disk, the next is made ready. More would be smaller, and share less."""

PATIENCE = 0.05
"""Seconds after which a group does not count any more as one of them: a slow one does not hold up everybody."""

MOST = 100
"""The largest group."""

CALM = 2
"""Turns of the loop that bring nobody new, before a group begins: a request that has arrived is read in one turn, and
comes this far in another. They take a few microseconds each where there is nothing to do."""

THREADS = 8
"""Groups at once, with the slow ones."""

Asked = TypeVar("Asked")
Given = TypeVar("Given")


@dataclass(frozen=True, eq=False)
class _Waiting(Generic[Asked, Given]):
    asked: Asked
    given: asyncio.Future[Given]

    def tell(self, answer: Given | Exception) -> None:
        if self.given.done():  # who asked has gone
            return
        if isinstance(answer, Exception):
            self.given.set_exception(answer)
        else:
            self.given.set_result(answer)


@dataclass(frozen=True, eq=False)
class _Group(Generic[Asked, Given]):
    members: Sequence[_Waiting[Asked, Given]]

    def tell(self, answers: Sequence[Given | Exception]) -> None:
        for each, answer in zip(self.members, answers, strict=True):
            each.tell(answer)


class Gathering(Generic[Asked, Given]):
    """Hands what is asked for at the same time, or while others are under way, to another thread as one group.

    ``do`` gives an answer, or the error, for each of a group in turn. What it raises is everybody's error: nobody knows
    what was done by then, so that nothing is done again.
    """

    def __init__(
        self, do: Callable[[Sequence[Asked]], Sequence[Given | Exception]], *, patience: float = PATIENCE
    ) -> None:
        """Takes what does it, in one of a few threads, and after how many seconds a group is taken for a slow one."""
        self._do, self._patience = do, patience
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="gathering")
        self._waiting: list[_Waiting[Asked, Given]] = []
        self._under_way: set[_Group[Asked, Given]] = set()
        self._looking = False

    async def __call__(self, asked: Asked) -> Given:
        """Gives the answer; raises the error."""
        waiting: _Waiting[Asked, Given] = _Waiting(asked, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._look_around()
        return await waiting.given

    def _look_around(self) -> None:
        if self._waiting and not self._looking and len(self._under_way) < SIDE_BY_SIDE:
            self._looking = True
            self._look()

    def _look(self, *, seen: int = 0, calm: int = 0) -> None:
        """Begins a group once the loop has turned a few times and brought nobody new."""
        calm = calm + 1 if len(self._waiting) == seen else 0
        if calm == CALM or len(self._waiting) >= MOST:
            self._looking = False
            self._begin()
        else:
            asyncio.get_running_loop().call_soon(partial(self._look, seen=len(self._waiting), calm=calm))

    def _begin(self) -> None:
        group, self._waiting = _Group(self._waiting[:MOST]), self._waiting[MOST:]
        loop = asyncio.get_running_loop()
        slow = loop.call_later(self._patience, self._pass_by, group)
        self._under_way.add(group)
        self._threads.submit(self._work, group, partial(self._end, group, slow), loop)
        self._look_around()

    def _work(
        self,
        group: _Group[Asked, Given],
        end: Callable[[Sequence[Given | Exception]], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        answers = self._answers([each.asked for each in group.members])
        loop.call_soon_threadsafe(end, answers)

    def _end(
        self, group: _Group[Asked, Given], slow: asyncio.TimerHandle, answers: Sequence[Given | Exception]
    ) -> None:
        slow.cancel()
        group.tell(answers)
        self._pass_by(group)

    def _pass_by(self, group: _Group[Asked, Given]) -> None:
        self._under_way.discard(group)
        self._look_around()

    def _answers(self, asked: Sequence[Asked]) -> Sequence[Given | Exception]:
        try:
            return self._do(asked)
        except Exception as error:
            return [error] * len(asked)
