"""The set-up from nothing, on the ways that it knows.

Where a test asks how things are installed, and not what, the lock file is a short one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.setup.checkout import LACKS_PIP, LACKS_VENV, Stranger
from tests.setup.conftest import new_enough

pytestmark = [pytest.mark.setup, pytest.mark.usefixtures("index"), pytest.mark.timeout(300)]
Strangers = Callable[..., Stranger]
SEE = "import iniconfig, sys, packsys; print(sys.prefix, packsys.__file__)"
# The acid tests of an installation: the three servers run, as whoever installed it, and so does a formula.
RUN = "from packsys.embedded import EmbeddedServers as E\nwith E('.packsys') as servers: print(len(servers.pids))"
FORMULA = '=Upper("Dear {=Hello::Greet("Ada")} [really]") /* as every Python reads it */'


@pytest.fixture
def brief(stranger: Strangers) -> Strangers:
    """Makes a stranger whose lock file is short."""
    shorten(stranger().checkout)
    return stranger


def shorten(checkout: Path) -> None:
    """Leaves in the lock file the tool of the set-up and the smallest package: the ways to install are the same."""
    lock = checkout / "requirements.lock"
    blocks = re.split(r"^(?=\S)", lock.read_text(), flags=re.MULTILINE)
    lock.write_text("\n" + "".join(block for block in blocks if block.startswith(("iniconfig==", "uv=="))))


def see(person: Stranger) -> subprocess.CompletedProcess[str]:
    """Runs a program in the environment, and checks that it is the one of this checkout."""
    said = person.run("python", "-c", SEE)
    assert said.stdout.split() == [f"{person.checkout}/.venv", f"{person.checkout}/packsys/__init__.py"], said.stderr
    return said


def use(person: Stranger) -> None:
    """Runs the servers and a formula."""
    said = person.run("python", "-c", RUN)
    assert (said.stdout, said.returncode) == ("3\n", 0), said.stderr
    said = person.run("packsys", "run", "examples/hello/pack.py", FORMULA)
    assert (said.stdout, said.returncode) == ("DEAR HELLO, ADA! [REALLY]\n", 0), said.stderr


def test_a_fresh_copy_sets_itself_up_once(stranger: Strangers) -> None:
    person = stranger()
    assert "Setting up .venv" in see(person).stderr
    stamp = person.checkout / ".venv" / "stamp"
    written = stamp.stat()
    assert see(person).stderr == ""
    assert (stamp.stat().st_ino, stamp.stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
    use(person)
    said = person.run("packsys", "--help")
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("Usage: packsys "), "the project's commands are not in the environment"


def test_a_change_of_pyproject_is_followed_in_place(brief: Strangers) -> None:
    person = brief()
    see(person)
    made = (person.checkout / ".venv" / "pyvenv.cfg").stat().st_ino
    with (person.checkout / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    assert "Setting up .venv" in see(person).stderr
    assert (person.checkout / ".venv" / "pyvenv.cfg").stat().st_ino == made


def test_a_moved_checkout_and_a_broken_environment_are_made_anew(brief: Strangers, tmp_path: Path) -> None:
    person = brief()
    see(person)
    moved = brief(checkout=person.checkout.rename(tmp_path / "moved"))
    assert "Setting up .venv" in see(moved).stderr
    (moved.checkout / ".venv" / "bin" / "python").unlink()
    assert "Setting up .venv" in see(moved).stderr


def test_two_at_once_make_one_environment(brief: Strangers) -> None:
    person = brief()
    running = [person.start("python", "-c", SEE) for _ in range(2)]
    said = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    assert sum("Setting up .venv" in err for _, err in said) == 1


def test_a_wrong_hash_installs_nothing(brief: Strangers) -> None:
    person = brief()
    lock = person.checkout / "requirements.lock"
    text = lock.read_text()
    start = text.index("\niniconfig==")
    end = text.index("    # via", start)
    wrong = text[start:end].split(" \\")[0] + " \\\n    --hash=sha256:" + "0" * 64 + "\n"
    lock.write_text(text[:start] + wrong + text[end:])
    said = person.run("true")
    assert said.returncode == 1
    assert "The set-up failed" in said.stderr
    assert not (person.checkout / ".venv" / "stamp").exists()


def test_without_venv_pip_is_enough(brief: Strangers) -> None:
    see(brief(lacks=LACKS_VENV))


def test_without_pip_and_uv_venv_is_enough(brief: Strangers) -> None:
    see(brief(lacks=LACKS_PIP))


@pytest.mark.long
def test_and_it_installs_everything(stranger: Strangers) -> None:
    person = stranger(lacks=LACKS_PIP)
    see(person)
    use(person)


def test_an_ordinary_user_needs_nothing_but_the_systems_python(ordinary: Strangers) -> None:
    person = ordinary()
    see(person)
    use(person)
    if person.user is not None:
        assert (person.checkout / ".packsys").stat().st_uid == person.user


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be root")
def test_root_needs_nothing_but_the_systems_python(brief: Strangers) -> None:
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if python is None or not new_enough(python):
        pytest.skip("the system has no Python 3.11")
    see(brief(python=python))


def pythons() -> list[str]:
    """Finds the other Pythons that the project is for."""
    places = [*os.environ.get("PATH", "").split(os.pathsep), *map(str, Path.home().glob(".pyenv/versions/*/bin"))]
    found = (shutil.which(f"python3.{minor}", path=os.pathsep.join(places[::-1])) for minor in (12, 13, 14))
    return [python for python in found if python and new_enough(python)]


@pytest.mark.parametrize("python", pythons() or [pytest.param("", marks=pytest.mark.skip("no other Python here"))])
def test_newer_pythons_do_as_well(stranger: Strangers, python: str) -> None:
    person = stranger(python=python)
    see(person)
    use(person)
