"""Real servers for every test that touches one: started once per test process, thrown away at its end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from packsys.cli.system import Plan, System
from packsys.client import Packsys
from packsys.embedded import EmbeddedServers
from packsys.errors import NoSandbox
from packsys.sandbox.python import probe
from packsys.store.schema import migrate
from tests.databases import PRISTINE, made
from tests.fakeapi import TOKEN, FakeGitHub
from tests.system.canary import dump

TESTS = Path(__file__).parent
SLOW = ("sandbox/jail", "sandbox/javascript", "coda", "octokit", "cli/test_pack.py")
"""Whole folders of tests that start processes by the hundred, or node."""

HEAVY = ("setup", "chaos", "slow")
"""Marks of tests, the heaviest first."""

# A machine that does other things as well is no finding: what a test promises about time, it says itself.
settings.register_profile("packsys", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("packsys")

PROBE = str(Path(__file__).parent / "packs" / "probe.py")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keeps those folders out of the fast tier, and begins with the files that take longest.

    A file goes to one process whole: one that began last would keep all waiting.
    """
    for item in items:
        if item.path.relative_to(TESTS).as_posix().startswith(SLOW):
            item.add_marker(pytest.mark.slow)
    ranks: dict[Path, int] = {}
    for item in items:
        ranks[item.path] = min(ranks.get(item.path, len(HEAVY)), rank(item))
    items.sort(key=lambda item: ranks[item.path])


def rank(item: pytest.Item) -> int:
    """Gives the place of a test's heaviest mark."""
    return next((place for place, mark in enumerate(HEAVY) if item.get_closest_marker(mark)), len(HEAVY))


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServers]:
    """Gives a real PostgreSQL, migrated, and two real Valkeys."""
    with EmbeddedServers(tmp_path_factory.mktemp("servers"), durable=False) as started:
        migrate(started.database_url)
        with made(started, PRISTINE, template="packsys"):
            yield started


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    """Gives numbers that no other test of this process has."""
    return count(1)


@pytest.fixture
def database_url(servers: EmbeddedServers, numbers: Iterator[int]) -> Iterator[str]:
    """Gives a fresh, migrated database: a copy of one that no test has."""
    with made(servers, f"copy_{next(numbers)}", template=PRISTINE) as url:
        yield url


@pytest.fixture
def state_url(servers: EmbeddedServers) -> str:
    """Gives the address of the Valkey that keeps everything."""
    return servers.state_url


@pytest.fixture
def cache_url(servers: EmbeddedServers) -> str:
    """Gives the address of the Valkey that may forget."""
    return servers.cache_url


@pytest.fixture(scope="session")
def walls() -> None:
    """Skips where the kernel puts no walls around the code of strangers."""
    try:
        probe()
    except NoSandbox as missing:
        pytest.skip(missing.message)


@pytest.fixture(scope="session")
def github() -> Iterator[FakeGitHub]:
    """Gives a stand-in for GitHub."""
    with FakeGitHub() as started:
        yield started


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Gives the whole house on real servers: service, worker, beat. At the end, none of it has kept a token."""
    plan = Plan(
        directory=tmp_path_factory.mktemp("system"),
        parts=("service", "worker", "beat"),
        packs=(*Plan.packs, PROBE),
        allowed_networks=("127.0.0.0/8",),
        lease=3.0,
        grace=2.0,
        dispatcher=os.environ.get("PACKSYS_DISPATCHER", Plan.dispatcher),
        durable=False,
        patience=2.0,
        metrics_token="a-token-for-the-figures",
        metrics_address="127.0.0.1:0",
    )
    with System(plan) as started:
        yield started
        written = {
            "database": list(dump.tables(started.settings.database_url)),
            "state": list(dump.keys(started.settings.state_url)),
            "cache": list(dump.keys(started.settings.cache_url)),
            "logs": list(dump.logs(started.directory)),
        }
        assert dump.leaks(written, TOKEN) == []


@pytest.fixture
def service(system: System) -> Iterator[Packsys]:
    """Gives a client of the running service."""
    with Packsys(system.url, system.key) as client:
        yield client
