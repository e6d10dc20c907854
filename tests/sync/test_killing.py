"""The short form of the kill matrix: once at each step."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sync.scenes import SCENES

NAMED = {
    "pages": {"before claim", "after apply", "after conclude"},
    "rings": {"before page", "after page", "after finish"},
    "beat": {"after open", "before ring", "after ring", "after settle"},
}
OFTEN = ("rings", "beat")
"""Those that CI has the time for."""


@pytest.mark.chaos
@pytest.mark.parametrize(
    "scene", [pytest.param(each, marks=[pytest.mark.long] * (each not in OFTEN)) for each in SCENES]
)
def test_whoever_is_killed_at_any_step_changes_nothing(scene: str) -> None:
    """In a process of its own, which may be forked: ours has threads."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.sync.killing", "--runs", "1", "--scene", scene],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    told = [json.loads(line) for line in ran.stdout.splitlines()]
    assert {step["at"] for step in told} >= {"anywhere", *NAMED.get(scene, ())}
    assert [step for step in told if step["diverged"]] == []
    assert ran.returncode == 0, ran.stderr
