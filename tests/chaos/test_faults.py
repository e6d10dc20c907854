"""The short form of ``make chaos``: a house that works is hurt in the middle of it, and breaks no promise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.__main__ import SHORT
from tests.chaos.faults import FAULTS
from tests.chaos.house import House
from tests.chaos.provider import Provider
from tests.chaos.trial import Verdict, put_on_trial

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Gives a house of its own, since it gets hurt."""
    with Provider() as provider, House(tmp_path_factory.mktemp("chaos"), provider) as started:
        yield started


@pytest.fixture(scope="module")
def canvas_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Gives a house that sends work as Celery chains and chords."""
    folder = tmp_path_factory.mktemp("canvas")
    with Provider() as provider, House(folder, provider, dispatcher="canvas") as started:
        yield started


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.short])
def test_no_job_is_lost_stuck_or_done_twice(house: House, name: str) -> None:
    holds(put_on_trial(house, FAULTS[name], jobs=SHORT, seed=1, rounds=1))


@pytest.mark.parametrize("name", ["workers-kill", "state-flush", "postgres-immediate"])
def test_nor_where_work_is_sent_as_chains_and_chords(canvas_house: House, name: str) -> None:
    holds(put_on_trial(canvas_house, FAULTS[name], jobs=SHORT, seed=1, rounds=1))


def holds(found: Verdict) -> None:
    """Checks that a fault was survived."""
    assert found.violations == {}
    assert (found.lost, found.doubled, found.stuck, found.unanswered) == (0, 0, 0, 0)
    assert found.hurts
