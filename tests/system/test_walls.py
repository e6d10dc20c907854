"""A worker says at its start which walls stand around the code of strangers."""

from __future__ import annotations

import pytest

from packsys.cli.system import System
from packsys.client import Packsys

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("walls")]


def test_a_worker_says_once_which_walls_stand(system: System, service: Packsys) -> None:
    assert service.run("Probe::Add(1, 1)") == 2  # the worker has started
    told = [line for line in (system.directory / "worker.log").read_text().splitlines() if "sandbox.walls" in line]
    assert len(told) == 1
    assert "python=seccomp" in told[0]
    assert "javascript=seccomp" in told[0]
