"""Flower shows each pack call as a task of its own, under its name."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from packsys.cli.system import Plan, System
from packsys.client import Packsys
from tests.conftest import PROBE

pytestmark = pytest.mark.slow


def free_port() -> int:
    """Finds a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.fixture(scope="module")
def flower(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[System, httpx.Client]]:
    """Gives a house with Flower, and a client of Flower's API."""
    plan = Plan(
        directory=tmp_path_factory.mktemp("flower"),
        parts=("service", "worker", "flower"),
        flower_port=free_port(),
        packs=(PROBE,),
        durable=False,
        patience=2.0,
    )
    with System(plan) as system:
        client = httpx.Client(base_url=f"http://127.0.0.1:{plan.flower_port}", auth=("packsys", system.flower_password))
        with client:
            yield system, client


def seen(
    client: httpx.Client, name: str, times: int, *, job: str = "", seconds: float = 60.0
) -> dict[str, dict[str, object]]:
    """Waits until Flower lists a task name that often for a job, whose id begins those of its tasks."""
    deadline = time.monotonic() + seconds
    tasks: dict[str, dict[str, object]] = {}
    while time.monotonic() < deadline:
        try:
            tasks = client.get("/api/tasks").raise_for_status().json()
        except httpx.HTTPError:
            tasks = {}
        ended = {key: task for key, task in tasks.items() if task["state"] == "SUCCESS" and key.startswith(job)}
        found = {key: task for key, task in ended.items() if task["name"] == name}
        if len(found) == times:
            return found
    raise AssertionError(f"Flower shows {tasks}")


def test_each_call_is_a_task_with_its_name(flower: tuple[System, httpx.Client]) -> None:
    system, client = flower
    seen(client, "nothing", 0)
    with Packsys(system.url, system.key) as service:
        job = service.submit("List(1, 2, 3).FormulaMap(Probe::Echo(CurrentValue)).Sum() + Probe::Add(1, 2)").id
        assert service.wait(job).result() == 9
    assert len(seen(client, "Probe::Echo", 3, job=job)) == 3
    assert len(seen(client, "Probe::Add", 1, job=job)) == 1


def test_a_question_to_a_synced_table_is_a_task_as_well(flower: tuple[System, httpx.Client]) -> None:
    system, client = flower
    with Packsys(system.url, system.key) as service:
        made = service.syncs.create(pack="Probe", table="Numbers", name="Counted")
        assert service.syncs.wait(service.syncs.start(made["id"], mode="full")["id"])["state"] == "succeeded"
        seen(client, "nothing", 0)
        assert service.run("[Counted].Filter(Number > 3).Count() + Probe::Add(1, 2)") == 9
    assert len(seen(client, "Tables::Count", 1)) == 1


def test_its_messages_hold_ids_and_nothing_else(flower: tuple[System, httpx.Client]) -> None:
    system, client = flower
    seen(client, "nothing", 0)
    with Packsys(system.url, system.key) as service:
        job = service.submit('Probe::Echo("a secret thing")').id
        service.wait(job)
    (task,) = seen(client, "Probe::Echo", 1, job=job).values()
    assert job in str(task["args"])
    assert "secret" not in str(task)


def test_a_call_that_a_worker_goes_on_with_is_a_task_of_its_own(flower: tuple[System, httpx.Client]) -> None:
    system, client = flower
    seen(client, "nothing", 0)
    with Packsys(system.url, system.key) as service:
        job = service.submit("Probe::Add(Probe::Add(Probe::Add(1, 2), 3), 4)").id
        assert service.wait(job).result() == 10
    tasks = seen(client, "Probe::Add", 3, job=job)
    assert set(tasks) == {f"{job}.{number}" for number in (1, 2, 3)}
    for task in tasks.values():
        assert job in str(task["args"])
        assert all(task[told] for told in ("received", "started", "succeeded", "runtime", "worker"))
