"""Sandboxes and bait for the tests of the jail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from packsys.errors import NoSandbox
from packsys.sandbox.confinement import Granted, Layers
from packsys.sandbox.python import PythonSandbox, probe
from tests.sandbox.jail.attempts import sandbox
from tests.sandbox.jail.bait import laid_out, victim


@pytest.fixture(scope="session")
def machine() -> Granted:
    try:
        return probe()
    except NoSandbox as error:
        pytest.skip(error.message)


@pytest.fixture(scope="module")
def behind(machine: Granted) -> Iterator[Callable[[Layers], PythonSandbox]]:
    """Gives a sandbox behind some of the walls; each kind is started once."""
    with ExitStack() as stack:
        running: dict[Layers, PythonSandbox] = {}

        def get(layers: Layers) -> PythonSandbox:
            if layers not in running:
                running[layers] = stack.enter_context(sandbox(layers=layers))
            return running[layers]

        yield get


@pytest.fixture(scope="session")
def prey() -> Iterator[dict[str, int]]:
    with victim() as process:
        yield process


@pytest.fixture
def bait(tmp_path: Path, prey: dict[str, int]) -> Iterator[dict[str, Any]]:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o777)  # nobody, whom the sandbox becomes, could not even reach it else
    with laid_out(tmp_path) as addresses:
        yield addresses | prey


@pytest.fixture
def jail(machine: Granted) -> Iterator[PythonSandbox]:
    with sandbox() as runner:
        yield runner
