"""Equal calls of many jobs, asked for in two workers at once, reach the service once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from packsys.cli.main import cli
from packsys.cli.system import Plan, System
from packsys.client import Event, Packsys
from tests.conftest import PROBE

pytestmark = pytest.mark.slow

JOBS, TIMES = 60, 20


@pytest.fixture(scope="module")
def counters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gives the folder in which the probe counts its calls."""
    return tmp_path_factory.mktemp("counters")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, counters: Path) -> Iterator[System]:
    """Gives a house of its own with two workers, one of which gets hurt."""
    plan = Plan(
        directory=tmp_path_factory.mktemp("flights"),
        parts=("service", "worker", "beat"),
        packs=(PROBE,),
        lease=3.0,
        grace=2.0,
        durable=False,
        patience=2.0,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROBE_DIR", str(counters))
        with System(plan) as started:
            started.processes["other worker"] = started.processes.pop("worker")
            started.start_part("worker")
            yield started


@pytest.fixture
def client(house: System) -> Iterator[Packsys]:
    """Gives a client of it."""
    with Packsys(house.url, house.key) as made:
        yield made


def first(client: Packsys, job: str, kind: str) -> Event:
    """Waits for an event of a job."""
    return next(event for event in client.events(job) if event.kind == kind)


def test_a_thousand_equal_calls_reach_the_service_once(client: Packsys, counters: Path) -> None:
    call = 'Probe::Slowly("once", 1)'
    formula = f"List({', '.join([call] * TIMES)}).Sum()"
    jobs = [client.submit(formula, timeout=60).id for _ in range(JOBS)]
    assert [client.wait(job).result() for job in jobs] == [TIMES] * JOBS
    assert (counters / "once.count").stat().st_size == 1


def test_a_leader_that_is_killed_strands_nobody(client: Packsys, counters: Path) -> None:
    formula = 'Probe::Slowly("twice", 25)'
    leader = client.submit(formula, timeout=60).id
    worker = str(first(client, leader, "step.running").detail["worker"])
    others = [client.submit(formula, timeout=60).id for _ in range(JOBS // 2)]
    assert {first(client, job, "step.waiting").detail["cause"] for job in others} == {"in_flight"}
    os.kill(int(worker.rpartition(":")[2]), signal.SIGKILL)
    assert [client.wait(job).result() for job in (leader, *others)] == [2] * (JOBS // 2 + 1)
    assert (counters / "twice.count").stat().st_size == 2


def packsys(house: System, *words: str) -> str:
    """Types a command, and gives what it prints."""
    environ = {**house.environ, "PACKSYS_URL": house.url, "PACKSYS_KEY": house.key}
    done = CliRunner(env=environ).invoke(cli, ("cache", *words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_an_operator_fills_the_cache_empties_it_and_sees_what_it_did(
    house: System, client: Packsys, counters: Path, tmp_path: Path
) -> None:
    formula, file = 'Probe::Slowly("warm")', tmp_path / "formulas"
    file.write_text(f"# what is asked every morning\n\n{formula}\n1 + 1\n")
    assert packsys(house, "warm", str(file)) == "2 of 2 formulas were evaluated\n"
    assert client.run(formula) == 1
    assert (counters / "warm.count").stat().st_size == 1
    cleared = packsys(house, "clear", "--pack", "9001", "--version", "1.0.0", "--connection", "any")
    assert cleared == "forgotten: pack:9001@1.0.0, connection:any:default\n"
    cleared = packsys(house, "clear", "--pack", "9001", "--formula", "Slowly", "--workspace", "other")
    assert cleared == "forgotten: formula:9001:slowly:other\n"
    while client.run(formula) == 1:  # a worker may use what it holds for two more seconds
        pass
    assert (counters / "warm.count").stat().st_size == 2
    shown = packsys(house, "stats")
    assert "L2, cache server" in shown
    assert "flights joined: " in shown


@pytest.mark.parametrize(
    "words", [("clear",), ("clear", "--version", "1.0.0"), ("clear", "--formula", "Repos"), ("warm", "nowhere")]
)
def test_a_command_that_says_too_little_is_refused(house: System, words: tuple[str, ...]) -> None:
    done = CliRunner(env=house.environ).invoke(cli, ("cache", *words))
    assert done.exit_code == 2
    assert "Error: " in done.stderr
