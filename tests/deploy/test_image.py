"""The Dockerfile: nobody's root, nothing but what runs, and every byte of it checked."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.setup.checkout import copy
from tests.setup.conftest import index as index  # noqa: PLC0414 - the fixture is used by name

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "docker" / "Dockerfile").read_text()
STEPS = re.sub(r"^#.*\n|\\\n", "", DOCKERFILE, flags=re.MULTILINE).splitlines()
IGNORE = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]


def copied() -> Iterator[str]:
    """Lists what the image takes from the project."""
    for step in STEPS:
        if step.startswith("COPY ") and "--from" not in step:
            yield from step.split()[1:-1]


def let_in(path: str) -> bool:
    """Says whether .dockerignore lets a path into the build: the last line that fits decides."""
    verdict = True
    for line in IGNORE:
        pattern = line.removeprefix("!").removeprefix("**/")
        if any(fnmatch(part, pattern) for part in (path, path.split("/", maxsplit=1)[0])):
            verdict = line.startswith("!")
    return verdict


def test_it_runs_as_nobody_special() -> None:
    last_user = [step for step in STEPS if step.startswith("USER ")][-1]
    assert last_user == "USER 10001:10001"
    assert STEPS.index(last_user) > max(i for i, step in enumerate(STEPS) if step.startswith("FROM "))


def test_tools_of_the_build_stay_behind() -> None:
    assert sum(step.startswith("FROM ") for step in STEPS) == 2


def test_every_package_is_checked_against_its_hash() -> None:
    installs = [step for step in STEPS if "pip install" in step]
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert "/requirements.lock" in installs[0]


def test_what_it_copies_is_there_and_let_in() -> None:
    paths = list(copied())
    assert len(paths) > 4
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert [path for path in paths if not let_in(path)] == []


@pytest.mark.parametrize("path", [".git", ".venv", ".env", ".packsys", "tests", "requirements.lock", "docs"])
def test_what_it_has_no_use_for_stays_outside(path: str) -> None:
    assert not let_in(path)


def test_every_package_of_the_house_is_in_it() -> None:
    """What the wheel holds, the image holds."""
    import tomllib

    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*wheel["packages"], *wheel["force-include"]} <= set(copied())


@pytest.mark.setup
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("index")
def test_its_packages_are_enough_to_run_everything(tmp_path: Path) -> None:
    """Installs what the image installs, beside what it copies, and imports every entry point."""
    home, venv = copy(tmp_path / "app"), tmp_path / "venv"
    uv = [sys.executable, "-m", "uv"]
    python = str(venv / "bin" / "python")
    lock = str(home / "deploy" / "docker" / "requirements.lock")
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(venv)], check=True)
    install = [*uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "--only-binary", ":all:"]
    subprocess.run([*install, "--requirement", lock], check=True)
    addresses = {f"PACKSYS_{name}_URL": f"redis://{name}" for name in ("STATE", "CACHE")}
    environ = {"PATH": f"{venv}/bin:/usr/bin:/bin", "PACKSYS_DATABASE_URL": "postgresql+psycopg://a@b/c", **addresses}
    code = "import packsys.cli.main, packsys.service.server, workers.app, scheduler.app, flower.command, celeryconfig"
    said = subprocess.run([python, "-c", code], cwd=home, env=environ, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
