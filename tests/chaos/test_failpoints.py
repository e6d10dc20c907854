"""The ways in which a worker can be made to die cover every method that writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from packsys.ports import StepStore
from tests.chaos.failpoints import READS, Deaths, Mortal, matrix


class Dead(Exception):
    """Is what a test dies of."""


class Adapter:
    """Counts its calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def keep(self, what: str, *, cached: bool = False) -> str:
        self.calls.append(what)
        return what.upper()

    def get(self, what: str) -> str:
        return what


def die() -> None:
    raise Dead


@pytest.fixture
def deaths(tmp_path: Path) -> Deaths:
    return Deaths(folder=tmp_path, die=die)


def test_there_is_a_point_on_both_sides_of_every_method_that_writes() -> None:
    """Also of those that a port has from another one, as that of steps has those of claims."""
    writing = {name for name in dir(StepStore) if not name.startswith("_")} - READS
    assert {"renew", "postpone", "rouse", "take"} < writing
    assert {f"steps.{name}.{side}" for name in writing for side in ("before", "after")} <= set(matrix())


def test_before_a_call_nothing_is_done_and_after_it_everything(deaths: Deaths) -> None:
    adapter = Adapter()
    mortal: Any = Mortal("steps", adapter, deaths)
    deaths.plan(["steps.keep.before", "steps.keep.after"])
    for done in ([], ["x"]):
        with pytest.raises(Dead):
            mortal.keep("x")
        assert adapter.calls == done
    assert mortal.keep("y", cached=True) == "Y"
    assert mortal.get("z") == "z"


def test_each_death_is_died_once_by_all_processes_together(deaths: Deaths) -> None:
    deaths.plan(["steps.keep.before"], times=2)
    mortals: list[Any] = [Mortal("steps", Adapter(), deaths) for _ in range(3)]
    for mortal in mortals[:2]:
        with pytest.raises(Dead):
            mortal.keep("x")
    assert mortals[2].keep("x") == "X"
    assert deaths.left() == []


def test_a_point_is_passed_a_few_times_before_its_death(tmp_path: Path) -> None:
    deaths = Deaths(folder=tmp_path, every=3, die=die)
    deaths.plan(["steps.keep.before"])
    mortal: Any = Mortal("steps", Adapter(), deaths)
    assert [mortal.keep("x"), mortal.keep("y")] == ["X", "Y"]
    with pytest.raises(Dead):
        mortal.keep("z")


def test_nobody_dies_of_what_is_forgotten(deaths: Deaths) -> None:
    deaths.plan(matrix())
    deaths.forget()
    mortal: Any = Mortal("steps", Adapter(), deaths)
    assert mortal.keep("x") == "X"
