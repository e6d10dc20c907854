"""The soak itself, for some seconds: how memory grows takes half an hour, and is not asked here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def test_a_soak_tells_what_the_house_takes_up_and_finds_no_key_left_over() -> None:
    command = [sys.executable, "-m", "benchmarks.soak", "--short"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=150, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert lines[0]["parts"].keys() == {"service", "worker", "beat"}
    assert all(part["pss"] > 0 and part["files"] > 0 for part in lines[0]["parts"].values())
    assert {line["name"] for line in lines if "name" in line} == {"state_keys", "cache_keys"}
    assert lines[-1]["jobs"] > 0
    assert lines[-1]["wrong"] == 0
