"""Machines die between any two lines: an accepted job still ends with the right value."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from packsys.cli.system import Plan, System
from packsys.client import Packsys
from tests.conftest import PROBE

pytestmark = pytest.mark.chaos

TWENTY = f"List({', '.join(map(str, range(1, 21)))})"
FORMULA = f"{TWENTY}.FormulaMap(Probe::Sleep(0.25, CurrentValue)).Sum() + Probe::Echo(90)"
VALUE = 300


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Gives a house of its own, since it gets hurt."""
    plan = Plan(
        directory=tmp_path_factory.mktemp("faults"),
        parts=("service", "worker", "beat"),
        packs=(PROBE,),
        lease=3.0,
        grace=2.0,
    )
    with System(plan) as started:
        yield started


@pytest.fixture
def client(house: System) -> Iterator[Packsys]:
    """Gives a client of it."""
    with Packsys(house.url, house.key) as made:
        yield made


def started(client: Packsys, calls: int) -> str:
    """Submits the formula and gives its job as soon as ``calls`` of its calls have ended."""
    job = client.submit(FORMULA, timeout=60).id
    ended = 0
    for event in client.events(job):
        ended += event.kind == "step.done"
        if ended == calls:
            break
    return job


def test_a_job_survives_a_worker_child_that_is_killed(house: System, client: Packsys) -> None:
    job = started(client, 4)
    child = psutil.Process(house.processes["worker"].pid).children()[0]
    child.send_signal(signal.SIGKILL)
    assert client.wait(job).result() == VALUE


def test_a_job_survives_the_whole_worker(house: System, client: Packsys) -> None:
    job = started(client, 4)
    worker = psutil.Process(house.processes["worker"].pid)
    for process in (worker, *worker.children(recursive=True)):
        process.send_signal(signal.SIGKILL)
    house.start_part("worker")
    assert client.wait(job).result() == VALUE


def test_a_job_survives_a_restart_of_valkey(house: System, client: Packsys) -> None:
    job = started(client, 4)
    house.servers.restart_state()
    assert client.wait(job).result() == VALUE


def test_a_job_survives_valkey_killed_and_emptied(house: System, client: Packsys) -> None:
    job = started(client, 4)
    house.servers.kill_state()
    for kept in Path(house.servers.directory).rglob("appendonlydir/*"):
        kept.unlink()
    house.servers.start_state()
    assert client.wait(job).result() == VALUE


def test_every_outcome_is_kept_once_whatever_died(house: System, client: Packsys) -> None:
    job = started(client, 1)
    psutil.Process(house.processes["worker"].pid).children()[0].send_signal(signal.SIGKILL)
    client.wait(job)
    ends = [event.step for event in client.events(job) if event.kind == "step.done"]
    assert len(ends) == len(set(ends)) == 21
