"""No attempt gets through the sandbox, as root or as an ordinary user; without the walls that stop it, it would."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from packsys.sandbox.confinement import Granted, Layers
from packsys.sandbox.python import PythonSandbox
from tests.sandbox.jail.around_v8 import TRIED
from tests.sandbox.jail.attacks import ATTACKS, Attack
from tests.sandbox.jail.attempts import HELD_BACK, ROOT, alone, made, plainly, without

ORDINARY = 1001
CHECKOUT = Path(__file__).parents[3]
CONTROLLED = [each for each in ATTACKS if not each.no_control]
WALLS = [(each, wall) for each in CONTROLLED for wall in each.walls]


def one(attack: Attack) -> str:
    return attack.name


def test_there_are_enough_attempts() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 130
    assert len(CONTROLLED) >= 95


@pytest.mark.parametrize("attack", ATTACKS, ids=one)
def test_no_attempt_gets_through(
    attack: Attack, behind: Callable[[Layers], PythonSandbox], bait: dict[str, Any]
) -> None:
    end = made(attack, behind(Layers()), bait)
    assert not end.through
    assert end.stopped or "host" in attack.walls, "the attempt itself is wrong"


@pytest.mark.parametrize("attack", CONTROLLED, ids=one)
def test_the_attempt_gets_through_without_the_walls_that_stop_it(
    attack: Attack, behind: Callable[[Layers], PythonSandbox], bait: dict[str, Any]
) -> None:
    if attack.as_root and not ROOT:
        pytest.skip("only root could show it")
    end = made(attack, behind(without(attack)), bait)
    if end.errno in HELD_BACK and plainly(attack, bait).errno == end.errno:
        pytest.skip(f"this machine allows it to nobody: {end.said}")
    assert end.through, end


@pytest.mark.parametrize(("attack", "wall"), WALLS, ids=[f"{wall}: {each.name}" for each, wall in WALLS])
def test_each_wall_that_is_named_stops_the_attempt_alone(
    attack: Attack, wall: str, behind: Callable[[Layers], PythonSandbox], bait: dict[str, Any], machine: Granted
) -> None:
    if getattr(machine, wall, ""):
        pytest.skip(f"no {wall} on this machine: {getattr(machine, wall)}")
    if wall == "landlock" and machine.landlock_version < attack.landlock:
        pytest.skip(f"Landlock stops this from version {attack.landlock} on")
    end = made(attack, behind(alone(attack, wall)), bait)
    assert end.stopped, end


@pytest.mark.skipif(not ROOT, reason="every other test of this file runs as an ordinary user already")
def test_no_attempt_of_an_ordinary_user_gets_through(open_folder: Path, machine: Granted) -> None:
    told = _told_by_an_ordinary_user("tests.sandbox.jail.attempts", open_folder)
    assert [name for name, end in told["walled"].items() if end["through"]] == []
    assert len(told["walled"]) == len(ATTACKS)
    stuck = {name: end for name, end in told["freed"].items() if not end["through"]}
    assert [name for name, end in stuck.items() if end["errno"] not in HELD_BACK] == []
    assert len(told["freed"]) - len(stuck) >= 60


@pytest.mark.parametrize("user", ["root", "an ordinary user"])
def test_no_attempt_gets_through_the_walls_around_v8(user: str, open_folder: Path, machine: Granted) -> None:
    """As if V8 itself had been broken, and its attacker had Python and ctypes.

    In a process that has done nothing before: what another has freed is memory that an attempt need not ask for.
    """
    (open_folder / "theirs").mkdir(0o777)
    (open_folder / "theirs").chmod(0o777)
    if user == "root":
        ends = _told(sys.executable, "tests.sandbox.jail.around_v8", open_folder / "theirs")
    elif ROOT:
        ends = _told_by_an_ordinary_user("tests.sandbox.jail.around_v8", open_folder / "theirs")
    else:
        pytest.skip("the other case runs as an ordinary user already")
    assert [name for name, end in ends.items() if end["through"]] == []
    assert [name for name, end in ends.items() if not end["errno"] and not end["limit"]] == [], "they are wrong"
    assert len(ends) == len(TRIED) >= 120


def _told_by_an_ordinary_user(module: str, folder: Path) -> dict[str, Any]:
    python = _python_of_everybody(CHECKOUT)
    return _told(python, module, folder, user=ORDINARY, group=ORDINARY, extra_groups=[])


def _told(python: str, module: str, folder: Path, **who: Any) -> dict[str, Any]:
    ran = subprocess.run(
        [python, "-B", "-m", module, str(folder)],
        cwd=CHECKOUT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=120, check=False, **who,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


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
