"""The short form of the kill matrix: once at each step."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sync.scenes import SCENES


@pytest.mark.chaos
def test_whoever_is_killed_at_any_step_changes_nothing() -> None:
    """In a process of its own, which may be forked: ours has threads."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.sync.killing", "--runs", "1"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    told = [json.loads(line) for line in ran.stdout.splitlines()]
    steps = {(step["scene"], step["at"]) for step in told}
    assert {at for scene, at in steps if scene == "pages"} >= {"before claim", "after apply", "after conclude"}
    assert {at for scene, at in steps if scene == "rings"} >= {"before page", "after page", "after finish"}
    assert {at for scene, at in steps if scene == "beat"} >= {"after open", "before ring", "after ring", "after settle"}
    assert {scene for scene, at in steps if at == "anywhere"} == set(SCENES)
    assert [step for step in told if step["diverged"]] == []
    assert ran.returncode == 0, ran.stderr
