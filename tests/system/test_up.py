"""`packsys up` and the demo start everything, and leave nothing behind however they are ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.system.test_flower import free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
UP = (sys.executable, "-m", "packsys.cli.main", "up", "--port", "0")
DEMO = (sys.executable, "-m", "examples.demo")
PATIENCE = 120.0
"""Seconds for what ends by itself within a few, where the machine is not busy."""


@contextmanager
def program(command: Sequence[str], home: Path) -> Iterator[subprocess.Popen[str]]:
    """Runs a command with a home of its own; whatever happens, nothing of it stays."""
    environ = {**os.environ, "PACKSYS_HOME": str(home)}
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as running:
        family = psutil.Process(running.pid)
        try:
            yield running
        finally:
            for member in (*family.children(recursive=True), family) if running.poll() is None else ():
                member.kill()


def family(running: subprocess.Popen[str]) -> list[psutil.Process]:
    """Lists everything that a running program started."""
    return psutil.Process(running.pid).children(recursive=True)


def left(started: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Lists what still runs a moment later."""
    return psutil.wait_procs(started, timeout=60)[1]


def packsys(*words: str, home: Path) -> str:
    """Runs another command as a person would in another terminal."""
    done = subprocess.run(
        (sys.executable, "-m", "packsys.cli.main", *words),
        cwd=ROOT,
        env={**os.environ, "PACKSYS_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gives a folder for data that the tests of this module share: the second start is a quick one."""
    return tmp_path_factory.mktemp("up")


def test_up_prints_its_addresses_answers_and_ends_with_ctrl_c(home: Path) -> None:
    with program((*UP, "--flower-port", str(free_port())), home) as running:
        assert running.stdout is not None
        printed = "".join(next(running.stdout) for _ in range(6))
        assert re.search(r"^service  http://127\.0\.0\.1:\d+/docs$", printed, re.MULTILINE)
        assert re.search(r"^key      pk_\w+$", printed, re.MULTILINE)
        assert packsys("formula", '=Upper("ada") & " " & (6 * 7)', home=home) == "ADA 42"
        started = family(running)
        assert len(started) > 8
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE) == 0
        assert left(started) == []
        assert not (home / "service.json").exists()


def test_up_that_is_killed_takes_everything_with_it(home: Path) -> None:
    with program((*UP, "--flower-port", str(free_port())), home) as running:
        assert running.stdout is not None
        next(running.stdout)
        started = family(running)
        running.kill()
        assert left(started) == []


@pytest.mark.parametrize(
    "moment", [0.0, 2.5, *(pytest.param(each, marks=pytest.mark.long) for each in (0.3, 0.8, 1.5))]
)
def test_the_demo_can_be_interrupted_at_any_moment(home: Path, moment: float) -> None:
    with program(DEMO, home / "demo") as running:
        assert running.stdout is not None
        next(running.stdout)
        until = time.monotonic() + moment
        started: dict[int, psutil.Process] = {}
        while time.monotonic() < until and running.poll() is None:
            started |= {process.pid: process for process in family(running)}
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE) in (0, 130)
        assert left(list(started.values())) == []


def test_the_demo_prints_the_value(home: Path) -> None:
    with program(DEMO, home / "demo") as running:
        printed, _ = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0
    assert "hereisfun/abacus测试" in printed
    assert "wave 2" in printed
