"""Servers and launchers for the tests of the embedded default."""

from __future__ import annotations

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


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[Launcher]:
    """Gives a launcher in a process of its own, which a test may kill."""
    with Launcher(tmp_path / "servers") as launcher:
        yield launcher
