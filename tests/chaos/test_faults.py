"""The short form of ``make chaos``: a house that works is hurt in the middle of it, and breaks no promise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.__main__ import SHORT
from tests.chaos.faults import FAULTS
from tests.chaos.house import House
from tests.chaos.provider import Provider
from tests.chaos.trial import put_on_trial

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Gives a house of its own, since it gets hurt."""
    with Provider() as provider, House(tmp_path_factory.mktemp("chaos"), provider) as started:
        yield started


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.short])
def test_no_job_is_lost_stuck_or_done_twice(house: House, name: str) -> None:
    found = put_on_trial(house, FAULTS[name], jobs=SHORT, seed=1, rounds=1)
    assert found.violations == {}
    assert (found.lost, found.doubled, found.stuck, found.unanswered) == (0, 0, 0, 0)
    assert found.hurts
