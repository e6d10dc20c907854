"""The tutorial about sync tables ends with rows on the screen."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from packsys.cli.system import System
from tests.docs.blocks import blocks, commands
from tests.docs.test_readme import ROOT, place, run
from tests.fakeapi import FakeGitHub

pytestmark = pytest.mark.slow

TUTORIAL = ROOT / "docs/tutorials/sync.md"

__all__ = ["place"]


def test_each_step_of_the_tutorial_prints_what_it_shows(place: Path, system: System, github: FakeGitHub) -> None:
    """Its Python is run before the last command, which deletes the table."""
    steps = [each for each in commands(TUTORIAL) if shutil.which("curl") or not each.line.startswith("curl")]
    for step in steps[:-1]:
        assert step.shown in run(step.line, place, system, github), step.line
    [program] = blocks(TUTORIAL, "python")
    (place / "program.py").write_text(program)
    assert "/" in run(f"{sys.executable} program.py", place, system, github)
    assert steps[-1].shown in run(steps[-1].line, place, system, github)
