"""What a person reads when the set-up cannot go on: one sentence that says what to do."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import bootstrap
from tests.setup.checkout import LACKS_PIP, LACKS_VENV, ROOT, Stranger


def old_pythons() -> Iterator[str]:
    """Finds Pythons of this machine that are too old for the project, and new enough for the sentence."""
    places = [Path(place) for place in os.environ.get("PATH", "").split(os.pathsep)]
    places += sorted(Path.home().glob(".pyenv/versions/*/bin"))
    for place in places:
        for python in (place / f"python3.{minor}" for minor in range(6, 11)):
            if python.exists() and subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0:
                yield str(python)


@pytest.mark.parametrize("python", sorted({*old_pythons()}) or [pytest.param("", marks=pytest.mark.skip("none here"))])
def test_an_old_python_says_which_are_new_enough(python: str, tmp_path: Path) -> None:
    said = subprocess.run(
        [python, str(ROOT / "bootstrap.py"), "test"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 1
    assert said.stdout == ""
    assert "packsys needs Python 3.11 or newer. This is Python 3." in said.stderr
    assert "python3.14, python3.13, python3.12, python3.11" in said.stderr
    assert said.stderr.count("\n") == 1


def test_a_python_without_pip_and_venv_names_the_package_to_install(stranger: Callable[..., Stranger]) -> None:
    said = stranger(lacks={**LACKS_PIP, **LACKS_VENV}).run("true")
    assert said.returncode == 1
    assert "apt-get install python3-venv" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_checkout_that_cannot_be_written_is_named(ordinary: Callable[..., Stranger]) -> None:
    user = ordinary()
    user.checkout.chmod(0o555)
    if user.user is not None:
        os.chown(user.checkout, 0, 0)
    said = user.run("true")
    assert said.returncode == 1
    assert f"{user.checkout} cannot be written (Permission denied)" in said.stderr
    assert said.stderr.count("\n") == 1


def test_a_program_that_is_not_there_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    assert bootstrap.execute(["no-such-program"]) == 127
    assert capfd.readouterr().err == "no-such-program: No such file or directory\n"
