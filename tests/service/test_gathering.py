"""What is asked for at the same time is done together, and nobody is troubled by who came along."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event

import pytest

from packsys.errors import NotReady, RequestError
from packsys.service.gathering import MOST, SIDE_BY_SIDE, Gathering


@dataclass
class Doer:
    """Doubles numbers, holds some groups up, and notes who came together.

    0 is refused, below 0 is a mistake of ours, 13 is held up until it is let go, 503 is asked of a server that is away.
    """

    groups: list[list[int]] = field(default_factory=list)
    begun: Event = field(default_factory=Event)
    go: Event = field(default_factory=Event)

    def __call__(self, asked: Sequence[int]) -> Sequence[int | Exception]:
        self.groups.append([*asked])
        self.begun.set()
        if 13 in asked:
            assert self.go.wait(10)
        if 503 in asked:
            raise NotReady
        if any(each < 0 for each in asked):
            raise ZeroDivisionError
        return [2 * each if each else RequestError("Nothing is asked for.") for each in asked]


def together(doer: Doer, *asked: int) -> list[int | BaseException]:
    async def all_at_once() -> list[int | BaseException]:
        gathering = Gathering(doer)
        return await asyncio.gather(*map(gathering, asked), return_exceptions=True)

    return asyncio.run(all_at_once())


def test_each_gets_its_own_answer() -> None:
    doer = Doer()
    assert together(doer, *range(1, 6)) == [2, 4, 6, 8, 10]
    assert doer.groups == [[1, 2, 3, 4, 5]]


def test_whoever_comes_while_groups_are_under_way_is_the_next_group() -> None:
    async def one_group_more(doer: Doer) -> list[int]:
        gathering = Gathering(doer, patience=10.0)
        asked: list[asyncio.Future[int]] = []
        for _ in range(SIDE_BY_SIDE):
            asked.append(asyncio.ensure_future(gathering(13)))
            await asyncio.to_thread(doer.begun.wait)
            doer.begun.clear()
        for each in (1, 2):
            asked.append(asyncio.ensure_future(gathering(each)))
            await asyncio.sleep(0)
        doer.go.set()
        return await asyncio.gather(*asked)

    doer = Doer()
    assert asyncio.run(one_group_more(doer)) == [26] * SIDE_BY_SIDE + [2, 4]
    assert doer.groups == [[13]] * SIDE_BY_SIDE + [[1, 2]]


def test_a_group_that_takes_long_holds_up_nobody_else() -> None:
    async def overtaken(doer: Doer) -> tuple[int, int]:
        gathering = Gathering(doer, patience=0.01)
        slow = []
        for _ in range(SIDE_BY_SIDE + 1):
            slow.append(asyncio.ensure_future(gathering(13)))
            await asyncio.to_thread(doer.begun.wait)
            doer.begun.clear()
        quick = await gathering(1)
        doer.go.set()
        return quick, sum(await asyncio.gather(*slow))

    assert asyncio.run(overtaken(Doer())) == (2, 26 * (SIDE_BY_SIDE + 1))


def test_an_error_is_whose_it_is() -> None:
    one, refused, two = together(Doer(), 1, 0, 2)
    assert (one, two) == (2, 4)
    assert isinstance(refused, RequestError)


def test_a_server_that_is_away_is_away_for_all() -> None:
    doer = Doer()
    assert [type(each) for each in together(doer, 1, 503, 2)] == [NotReady] * 3
    assert len(doer.groups) == 1


def test_what_fails_in_between_is_not_done_again() -> None:
    """Nobody knows what was done by then."""
    doer = Doer()
    assert [type(each) for each in together(doer, 1, -1, 2)] == [ZeroDivisionError] * 3
    assert len(doer.groups) == 1


def test_a_group_has_a_bound() -> None:
    doer = Doer()
    assert together(doer, *range(100, 102 + MOST))[-1] == 2 * (101 + MOST)
    assert [len(group) for group in doer.groups] == [MOST, 2]


def test_whoever_has_gone_troubles_nobody() -> None:
    async def left(doer: Doer) -> int:
        gathering = Gathering(doer, patience=10.0)
        leaving, staying = (asyncio.ensure_future(gathering(each)) for each in (13, 2))
        await asyncio.to_thread(doer.begun.wait)
        leaving.cancel()
        doer.go.set()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        return await staying

    assert asyncio.run(left(Doer())) == 4
