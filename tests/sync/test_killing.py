"""The short form of the kill matrix: once at each step."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.chaos
def test_a_worker_that_is_killed_at_any_step_changes_nothing() -> None:
    """In a process of its own, which may be forked: ours has threads."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.sync.killing", "--runs", "1"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    told = [json.loads(line) for line in ran.stdout.splitlines()]
    assert {step["at"] for step in told} >= {
        "before claim",
        "after apply",
        "before sweep",
        "after conclude",
        "anywhere",
    }
    assert [step for step in told if step["diverged"]] == []
    assert ran.returncode == 0, ran.stderr
