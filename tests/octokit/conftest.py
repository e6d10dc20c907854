"""Fetches GitHub's own recorded traffic and OpenAPI description by npm, or says why these tests are skipped."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def octokit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gives the folder of the two packages, installed as the lock file says."""
    packages = HERE / "node_modules" / "@octokit"
    # Test processes side by side share this folder's parent, so one of them installs and the others wait.
    with (tmp_path_factory.getbasetemp().parent / "octokit.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _installed(packages):
            _install()
    return packages


def _installed(packages: Path) -> bool:
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]
    found = {name: packages.parent / name / "package.json" for name in wanted}
    return all(
        path.is_file() and json.loads(path.read_text())["version"] == wanted[name] for name, path in found.items()
    )


def _install() -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not on this machine, so GitHub's recorded traffic cannot be fetched.")
    ran = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        pytest.skip(f"npm could not fetch GitHub's recorded traffic: {ran.stderr.strip().splitlines()[-1:]}")


@pytest.fixture(scope="session")
def recorded(octokit: Path) -> Callable[[str], list[dict[str, Any]]]:
    """Gives the recorded requests and answers of a scenario."""

    def read(scenario: str) -> list[dict[str, Any]]:
        folder = octokit / "fixtures" / "scenarios" / "api.github.com" / scenario
        exchanges: list[dict[str, Any]] = json.loads((folder / "normalized-fixture.json").read_text())
        return exchanges

    return read
