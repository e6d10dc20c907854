"""Who follows a job is told each event once and in order, whatever becomes of Redis or of their own connection."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import psutil
import pytest
from redis import Redis

from packsys.cli.system import Plan, System
from packsys.client import Event, Packsys
from packsys.kvstore.address import connect
from packsys.kvstore.feed import PREFIX
from tests.conftest import PROBE

pytestmark = pytest.mark.chaos

TWELVE = f"List({', '.join(map(str, range(1, 13)))})"
FORMULA = f"{TWELVE}.FormulaMap(Probe::Sleep(0.2, CurrentValue)).Sum()"
VALUE = 78


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Gives a house of its own, since it gets hurt."""
    plan = Plan(
        directory=tmp_path_factory.mktemp("streams"),
        parts=("service", "worker", "beat"),
        packs=(PROBE,),
        lease=3.0,
        grace=2.0,
        durable=False,
    )
    with System(plan) as started:
        yield started


@pytest.fixture
def client(house: System) -> Iterator[Packsys]:
    with Packsys(house.url, house.key) as made:
        yield made


@pytest.fixture
def state(house: System) -> Iterator[Redis]:
    with connect(house.settings.state_url, timeout=5) as made:
        yield made


def followed(client: Packsys, harm: Callable[[], object], *, at: tuple[int, ...]) -> list[Event]:
    """Submits the formula and follows it to its end; does harm when events with these numbers were told."""
    job = client.submit(FORMULA, timeout=60).id
    told = []
    for event in client.events(job):
        told.append(event)
        if event.number in at:
            harm()
    assert client.job(job).result() == VALUE
    assert [event.number for event in client.events(job)] == [event.number for event in told]
    return told


def whole(told: list[Event]) -> bool:
    """Tells whether nothing is missing, told twice, or told too early."""
    ends = [event.step for event in told if event.kind == "step.done"]
    numbers = [event.number for event in told]
    return numbers == list(range(1, len(told) + 1)) and len(ends) == len(set(ends)) == 12 and told[-1].last


def test_a_server_that_forgets_everything_in_the_middle_loses_and_repeats_nothing(
    client: Packsys, state: Redis
) -> None:
    assert whole(followed(client, state.flushall, at=(3, 16, 20, 25)))


def test_a_server_that_starts_anew_in_the_middle_loses_and_repeats_nothing(house: System, client: Packsys) -> None:
    assert whole(followed(client, house.servers.restart_state, at=(18,)))


def test_a_worker_that_dies_with_events_that_it_did_not_pass_on_loses_none(house: System, client: Packsys) -> None:
    def kill() -> None:
        for child in psutil.Process(house.processes["worker"].pid).children():
            child.kill()

    assert whole(followed(client, kill, at=(18,)))


def told(state: Redis, job: str, number: int) -> None:
    """Waits until the stream holds an event: they linger for a moment, and are sent together."""
    until = time.monotonic() + 10
    while not state.xrange(PREFIX + job, min=f"{number}-0", count=1):
        assert time.monotonic() < until


def test_a_job_that_has_ended_is_told_from_the_log(client: Packsys, state: Redis) -> None:
    job = client.submit("Probe::Add(1, 1)", wait=20).id
    told(state, job, [event.number for event in client.events(job)][-1])
    state.flushall()
    numbers = [event.number for event in client.events(job)]
    assert numbers == list(range(1, len(numbers) + 1))
    for after in range(len(numbers)):
        assert [event.number for event in client.events(job, after=after)] == numbers[after:]
    assert not state.exists(PREFIX + job)


def test_events_come_by_the_stream_while_the_job_runs(client: Packsys, state: Redis) -> None:
    job = client.submit("Probe::Sleep(1, 1)").id
    running = next(event for event in client.events(job) if event.kind == "step.running")
    told(state, job, running.number)
    client.cancel(job)
