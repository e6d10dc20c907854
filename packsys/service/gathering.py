"""Does together what is asked for at the same time, so that what it has in common is paid once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from packsys.errors import PacksysError

PATIENCE = 0.05
"""Seconds for which the next group waits for the one under way: a slow one does not hold up everybody."""

MOST = 100
"""The largest group."""

THREADS = 8
"""Groups at once; there are two of them only where one is slow."""

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


class Gathering(Generic[Asked, Given]):
    """Hands whatever is asked for while a group is under way to another thread as the next group.

    ``do`` gives an answer, or the error, for each of a group in turn. What it raises is everybody's error; but where it
    is a mistake of ours, each is done alone, so that it hits only whoever runs into it.
    """

    def __init__(
        self, do: Callable[[Sequence[Asked]], Sequence[Given | Exception]], *, patience: float = PATIENCE
    ) -> None:
        """Takes what does it, in one of a few threads, and how many seconds the next group waits for the one before."""
        self._do, self._patience = do, patience
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="gathering")
        self._waiting: list[_Waiting[Asked, Given]] = []
        self._under_way: object | None = None

    async def __call__(self, asked: Asked) -> Given:
        """Gives the answer; raises the error."""
        loop = asyncio.get_running_loop()
        waiting: _Waiting[Asked, Given] = _Waiting(asked, loop.create_future())
        self._waiting.append(waiting)
        if len(self._waiting) == 1:
            loop.call_soon(self._begin)  # whoever asks in the same turn of the loop comes along
        return await waiting.given

    def _begin(self) -> None:
        if self._under_way is not None or not self._waiting:
            return
        group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        self._under_way = group
        loop = asyncio.get_running_loop()
        slow = loop.call_later(self._patience, self._pass_by, group)
        done = loop.run_in_executor(self._threads, self._answers, [each.asked for each in group])
        done.add_done_callback(lambda answers: self._end(group, slow, answers))

    def _end(
        self,
        group: list[_Waiting[Asked, Given]],
        slow: asyncio.TimerHandle,
        answers: asyncio.Future[Sequence[Given | Exception]],
    ) -> None:
        slow.cancel()
        for each, answer in zip(group, answers.result(), strict=True):
            each.tell(answer)
        self._pass_by(group)

    def _pass_by(self, group: object) -> None:
        if self._under_way is group:
            self._under_way = None
            self._begin()

    def _answers(self, asked: Sequence[Asked]) -> Sequence[Given | Exception]:
        try:
            return self._do(asked)
        except PacksysError as error:
            return [error] * len(asked)
        except Exception as error:
            return [error] if len(asked) == 1 else [answer for each in asked for answer in self._answers([each])]
