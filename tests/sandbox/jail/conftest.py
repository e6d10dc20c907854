"""Sandboxes and bait for the tests of the jail."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from packsys.errors import NoSandbox
from packsys.sandbox.confinement import Granted, Layers
from packsys.sandbox.python import PythonSandbox, probe
from tests.sandbox.jail.attempts import sandbox, sandboxes
from tests.sandbox.jail.bait import laid_out, victim


@pytest.fixture(scope="session")
def machine() -> Granted:
    try:
        return probe()
    except NoSandbox as error:
        pytest.skip(error.message)


@pytest.fixture(scope="module")
def behind(machine: Granted) -> Iterator[Callable[[Layers], PythonSandbox]]:
    with sandboxes() as get:
        yield get


@pytest.fixture(scope="session")
def prey() -> Iterator[dict[str, int]]:
    with victim() as process:
        yield process


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Gives a folder that every user can reach: what nobody could not reach anyway would be no bait."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.fixture
def bait(open_folder: Path, prey: dict[str, int]) -> Iterator[dict[str, Any]]:
    with laid_out(open_folder) as addresses:
        yield addresses | prey


@pytest.fixture
def jail(machine: Granted) -> Iterator[PythonSandbox]:
    with sandbox() as runner:
        yield runner
