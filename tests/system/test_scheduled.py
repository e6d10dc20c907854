"""A schedule's table is synced by workers, because a beat said so."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

import pytest

from packsys.bootstrap import Services, wire
from packsys.cli.system import System
from packsys.scheduling.rhythm import Every
from packsys.scheduling.schedule import Cause, Schedule
from packsys.syncmodel import SyncTable

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def services(system: System) -> Services:
    """Gives the doors of the house."""
    return wire(system.settings)


def table(services: Services, id: str) -> Schedule:
    """Keeps an instance of the probe's table, and gives a schedule for it that fires when it is asked for."""
    services.syncs.tables.add(SyncTable(id=id, workspace="default", pack_id=9001, table="Numbers"))
    return Schedule(id=id, kind="sync", target=id)


def succeeded(services: Services, id: str) -> list[str]:
    """Lists what set off the runs of a table that have succeeded."""
    return [run.trigger for run in services.syncs.runs.of(id) if run.state == "succeeded"]


def wait_until(met: Callable[[], bool], *, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline
        Event().wait(0.05)


def test_a_table_is_synced_again_and_again(services: Services) -> None:
    schedule = table(services, "again")
    services.keep_schedule(Schedule(**{**vars(schedule), "rhythm": Every(1.0)}))
    wait_until(lambda: succeeded(services, "again")[2:] != [])
    assert set(succeeded(services, "again")) == {"time"}
    assert services.schedules.forget("again")
    assert len(services.syncs.rows.rows("again")) == 10


def test_a_table_is_synced_when_somebody_asks(services: Services) -> None:
    services.keep_schedule(table(services, "asked"))
    assert services.slots.trigger("asked", Cause.HAND)
    wait_until(lambda: succeeded(services, "asked") == ["hand"])
