"""Servers and launchers for the tests of the embedded default."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from packsys.embedded import EmbeddedServers
from tests.embedded.launcher import Launcher


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServers]:
    """Runs one set of servers for a module whose tests leave them as they were."""
    with EmbeddedServers(tmp_path_factory.mktemp("servers"), durable=False) as running:
        yield running


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gives a directory in which servers once ran: to make a cluster takes longer than all else in these tests."""
    directory = tmp_path_factory.mktemp("made")
    with EmbeddedServers(directory, durable=False):
        return directory


@pytest.fixture
def home(tmp_path: Path, made: Path) -> Path:
    """Gives a directory of its own in which servers once ran."""
    return shutil.copytree(made, tmp_path / "servers")


@pytest.fixture
def launcher(home: Path) -> Iterator[Launcher]:
    """Gives a launcher in a process of its own, which a test may kill."""
    with Launcher(home) as launcher:
        yield launcher


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Launcher]:
    """Gives the same for a directory in which nothing is yet."""
    with Launcher(tmp_path / "fresh") as launcher:
        yield launcher
