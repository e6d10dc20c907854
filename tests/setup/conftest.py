"""Strangers with a fresh copy of the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.setup.checkout import NOBODY, ROOT, Stranger, copy


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gives a cache that strangers share: to unpack the same half gigabyte for each of them proves nothing more."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def stranger(tmp_path: Path, cache: Path) -> Callable[..., Stranger]:
    """Makes a stranger on this machine, with this Python unless told otherwise."""
    (tmp_path / "home").mkdir()
    return partial(Stranger, checkout=copy(tmp_path / "checkout"), home=tmp_path / "home", cache=cache)


@pytest.fixture
def ordinary(stranger: Callable[..., Stranger]) -> Iterator[Callable[..., Stranger]]:
    """Makes an ordinary user with the system's Python: ourselves, or for root one who owns nothing else."""
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if python is None or not new_enough(python):
        pytest.skip("the system has no Python 3.11 that every user can run")
    if os.geteuid() != 0:
        yield partial(stranger, python=python)
        return
    whole = stranger()
    for folder in (whole.home, whole.checkout, *whole.checkout.rglob("*")):
        os.chown(folder, NOBODY, NOBODY)
    closed = [folder for folder in whole.home.parents if not folder.stat().st_mode & 0o001]
    for folder in closed:
        folder.chmod(folder.stat().st_mode | 0o011)
    yield partial(stranger, python=python, user=NOBODY, cache=None)
    for folder in closed:
        folder.chmod(0o700)


@pytest.fixture(scope="session")
def index() -> None:
    """Skips the test where no package index can be reached."""
    pin = re.search(r"^(iniconfig==\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert pin is not None
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--dry-run", "--no-cache", "--reinstall"]
    if subprocess.run([*uv, pin.group(1)], capture_output=True, check=False).returncode != 0:
        pytest.skip("no package index can be reached from here")


def new_enough(python: str) -> bool:
    """Says whether a Python is 3.11 or newer."""
    code = "import sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0
