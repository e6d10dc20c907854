"""A server that is away is never what a call gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from packsys.errors import NotReady
from tests.runtime.world import World, world


def stumbling(surround: Callable[..., Any], times: int) -> Callable[..., Any]:
    """Gives a way out that cannot read the account from the database so often."""
    left = [NotReady()] * times

    def surrounded(*args: Any, **terms: Any) -> Any:
        if left:
            raise left.pop()
        return surround(*args, **terms)

    return surrounded


def without_database(times: int) -> World:
    here = world()
    surround: Any = stumbling(here.execute.surround, times)
    return replace(here, execute=replace(here.execute, surround=surround))


def test_a_database_that_is_away_for_a_moment_delays_a_call_and_is_not_its_outcome() -> None:
    job = without_database(2).run("Probe::Add(1, 2)")
    assert job.value == 3
