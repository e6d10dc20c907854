"""Every block of the README does what it says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from packsys.cli.system import System
from tests.docs.blocks import Command, blocks, commands
from tests.fakeapi import TOKEN, FakeGitHub

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"

ELSEWHERE = {
    "make demo": "run by .ci/run in a clean checkout",
    "make test": "is what runs this",
    ".venv/bin/packsys up": "what the fixture `system` does; tests/system/test_up.py runs the command itself",
}

WALLED = ("pack add", "Grace", "doctor")
"""Words of commands that need a kernel with walls for the code of strangers."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Gives a checkout as a newcomer has it: commands are found in .venv/bin."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / ".venv" / "bin").mkdir(parents=True)
    program = folder / ".venv" / "bin" / "packsys"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m packsys.cli.main "$@"\n')
    program.chmod(0o755)
    (folder / "examples").symlink_to(ROOT / "examples")
    return folder


def run(line: str, place: Path, system: System, github: FakeGitHub) -> str:
    """Runs a command as a newcomer would, with the stand-in in GitHub's place, and gives what it prints."""
    if " connect " in line:
        line += f" --endpoint {github.url}"
    done = subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=place,
        env={
            **system.environ,
            "PYTHONPATH": str(ROOT),
            "PACKSYS_URL": system.url,
            "PACKSYS_KEY": system.key,
        },
        input=f"{TOKEN}\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


@pytest.mark.parametrize("command", [each for each in commands(README) if each.line not in ELSEWHERE], ids=str)
def test_a_command_prints_what_the_readme_shows(
    command: Command, place: Path, system: System, github: FakeGitHub, request: pytest.FixtureRequest
) -> None:
    if any(word in command.line for word in WALLED):
        request.getfixturevalue("walls")
    if command.line.startswith("curl") and not shutil.which("curl"):
        pytest.skip("there is no curl on this machine")
    assert command.shown in run(command.line, place, system, github)


def test_the_pack_it_shows_is_the_example() -> None:
    shown = next(block for block in blocks(README, "python") if block.startswith("# examples/hello/pack.py"))
    assert shown.split("\n", 1)[1].strip() in (ROOT / "examples/hello/pack.py").read_text()


def test_its_python_runs(place: Path, system: System, github: FakeGitHub) -> None:
    programs = [block for block in blocks(README, "python") if not block.startswith("# ")]
    assert programs
    for program in programs:
        (place / "program.py").write_text(program)
        assert run(f"{sys.executable} program.py", place, system, github) == "42"


def test_every_file_it_links_to_is_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README.read_text())
    assert [link for link in links if not (ROOT / link).exists()] == []
