"""Bells ring for those who wait."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest

from packsys.kvstore.bells import RedisBells
from packsys.memory import MemoryBells
from packsys.ports import Bells
from tests.waiting import until


@pytest.fixture(params=["memory", "redis"])
def bells(request: pytest.FixtureRequest) -> Iterator[Bells]:
    """Gives each implementation."""
    if request.param == "memory":
        yield MemoryBells()
        return
    made = RedisBells.at(request.getfixturevalue("state_url"))
    yield made
    made.close()


def test_who_listens_hears(bells: Bells) -> None:
    heard, other = Event(), Event()
    stops = [bells.listen("run-1", heard.set), bells.listen("run-2", other.set)]
    bells.ring("run-1")
    assert heard.wait(10)
    heard.clear()
    bells.ring("run-1")
    assert heard.wait(10)
    for stop in stops:
        stop()


def test_who_has_left_hears_nothing(bells: Bells) -> None:
    rings: list[str] = []
    stop = bells.listen("run-3", lambda: rings.append("left"))
    stop()
    before = len(rings)
    heard = Event()
    leave = bells.listen("run-4", heard.set)
    bells.ring("run-3")
    bells.ring("run-4")
    until(heard.is_set)
    leave()
    assert len(rings) == before


def test_a_server_that_is_away_is_no_trouble() -> None:
    bells = RedisBells.at("redis://127.0.0.1:1/0")
    bells.ring("run-5")
    bells.close()
