"""No attempt gets through the sandbox, as root or as an ordinary user; without the walls that stop it, it would."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from packsys.sandbox.confinement import Granted, Layers
from packsys.sandbox.python import PythonSandbox
from tests.sandbox.jail.attacks import ATTACKS, Attack
from tests.sandbox.jail.attempts import THROUGH, made

ROOT = os.geteuid() == 0
ORDINARY = 1001
CONTROLLED = [each for each in ATTACKS if not each.no_control]


def one(attack: Attack) -> str:
    return attack.name


def without(attack: Attack) -> Layers:
    """Gives every wall but those that stop an attempt."""
    left = replace(Layers(), **dict.fromkeys(attack.walls, False))
    return replace(left, user=False) if attack.as_root and ROOT else left


def alone(attack: Attack, wall: str) -> Layers:
    """Gives one wall, around somebody who could get through where there is none."""
    bare = Layers(user=not (attack.as_root and ROOT), namespaces=False, landlock=False, limits=False, seccomp=False)
    return replace(bare, **{wall: True})


def restriction() -> str:
    """Says by what this machine, a container perhaps, holds attempts back already; blank when by nothing."""
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    if status.get("Seccomp", "0").strip() != "0":
        return "this machine filters system calls already"
    if ROOT and os.path.exists("/.dockerenv"):
        return "this container holds its root back already"
    return ""


def test_there_are_enough_attempts() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 60


@pytest.mark.parametrize("attack", ATTACKS, ids=one)
def test_no_attempt_gets_through(
    attack: Attack, behind: Callable[[Layers], PythonSandbox], bait: dict[str, Any]
) -> None:
    assert made(attack, behind(Layers()), bait) != THROUGH


@pytest.mark.parametrize("attack", CONTROLLED, ids=one)
def test_the_attempt_gets_through_without_the_walls_that_stop_it(
    attack: Attack, behind: Callable[[Layers], PythonSandbox], bait: dict[str, Any]
) -> None:
    if attack.as_root and not ROOT:
        pytest.skip("only root could show it")
    end = made(attack, behind(without(attack)), bait)
    if end != THROUGH and (held_already := restriction()):
        pytest.skip(f"{held_already}: {end}")
    assert end == THROUGH


@pytest.mark.parametrize(
    ("attack", "wall"),
    [pytest.param(each, wall, id=f"{wall}: {each.name}") for each in CONTROLLED for wall in each.walls],
)
def test_each_wall_that_is_named_stops_the_attempt_alone(
    attack: Attack, wall: str, behind: Callable[[Layers], PythonSandbox], bait: dict[str, Any], machine: Granted
) -> None:
    if getattr(machine, wall, ""):
        pytest.skip(f"no {wall} on this machine: {getattr(machine, wall)}")
    if wall == "landlock" and machine.landlock_version < attack.landlock:
        pytest.skip(f"Landlock stops this from version {attack.landlock} on")
    assert made(attack, behind(alone(attack, wall)), bait) != THROUGH


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Gives a folder that every user can reach."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.mark.skipif(not ROOT, reason="every other test of this file runs as an ordinary user already")
def test_no_attempt_of_an_ordinary_user_gets_through(open_folder: Path, machine: Granted) -> None:
    root = Path(__file__).parents[3]
    python = _python_of_everybody(root)
    ran = subprocess.run(
        [python, "-B", "-m", "tests.sandbox.jail.attempts", str(open_folder)],
        cwd=root, user=ORDINARY, group=ORDINARY, extra_groups=[], env={"PATH": os.environ["PATH"]},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert [name for name, end in told["ends"].items() if end == THROUGH] == []
    assert len(told["ends"]) == len(ATTACKS)


def _python_of_everybody(root: Path) -> str:
    """Finds a Python that an ordinary user can run, with the standard library alone; skips the test without one."""
    minor = f"python3.{sys.version_info.minor}"
    for candidate in (sys.executable, shutil.which(minor, path="/usr/local/bin:/usr/bin"), "/usr/bin/python3"):
        check = ("-B", "-c", "import sys, packsys.sandbox.python; assert sys.version_info >= (3, 11)")
        if candidate and _runs([candidate, *check], root):
            return candidate
    pytest.skip("no Python on this machine can be run by an ordinary user, with this checkout")


def _runs(command: list[str], root: Path) -> bool:
    try:
        ran = subprocess.run(command, cwd=root, user=ORDINARY, group=ORDINARY, capture_output=True, check=False)
    except OSError:
        return False
    return ran.returncode == 0


def test_the_tables_know_this_machine() -> None:
    assert platform.machine() in ("x86_64", "aarch64")
