"""Runs of sync tables on real workers, some of which are killed."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from threading import Event

import psutil
import pytest

from packsys.bootstrap import wire
from packsys.cli.system import Plan, System
from packsys.sync.house import Syncs
from packsys.syncmodel import Counts, Mode, SyncRun, SyncTable
from tests.conftest import PROBE

pytestmark = pytest.mark.chaos

PAGES = 40


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Gives a house of its own, since it gets hurt."""
    plan = Plan(
        directory=tmp_path_factory.mktemp("syncs"),
        parts=("service", "worker", "beat"),
        packs=(PROBE,),
        lease=3.0,
        grace=2.0,
    )
    with System(plan) as started:
        yield started


@pytest.fixture(scope="module")
def syncs(house: System) -> Syncs:
    """Gives its doors for sync tables."""
    return wire(house.settings).syncs


def table(syncs: Syncs, id: str, **parameters: object) -> SyncTable:
    """Keeps an instance of the probe's table."""
    return syncs.tables.add(
        SyncTable(id=id, workspace="default", pack_id=9001, table="Numbers", parameters=dict(parameters))
    )


def ended(syncs: Syncs, run: SyncRun) -> SyncRun:
    """Waits until a run has ended."""
    wait_until(lambda: syncs.runs.get(run.id).state.final)
    return syncs.runs.get(run.id)


def wait_until(met: Callable[[], bool], *, seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline
        Event().wait(0.05)


def test_a_table_is_synced_by_workers(house: System, syncs: Syncs) -> None:
    kept = table(syncs, "plain", pages=3)
    run = ended(syncs, syncs.start(kept.id, mode=Mode.FULL))
    assert (run.state, run.counts) == ("succeeded", Counts(rows=30, added=30))
    again = ended(syncs, syncs.start(kept.id, mode=Mode.FULL))
    assert again.counts == Counts(rows=30, unchanged=30)


@pytest.mark.parametrize("whole", [False, True], ids=["child", "worker"])
def test_a_run_survives_its_worker(house: System, syncs: Syncs, whole: bool) -> None:
    kept = table(syncs, f"hurt-{whole}", pages=PAGES, seconds=0.1)
    run = syncs.start(kept.id, mode=Mode.FULL)
    wait_until(lambda: syncs.runs.get(run.id).page > PAGES // 4)
    worker = psutil.Process(house.processes["worker"].pid)
    for process in (*([worker] if whole else []), *worker.children(recursive=True)):
        process.send_signal(signal.SIGKILL)
    if whole:
        house.start_part("worker")
    survived = ended(syncs, run)
    assert (survived.state, survived.counts) == ("succeeded", Counts(rows=10 * PAGES, added=10 * PAGES))
    assert len(syncs.rows.changes(kept.id, limit=10**6)) == len(syncs.rows.rows(kept.id, limit=10**6)) == 10 * PAGES
