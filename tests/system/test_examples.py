"""The examples run as they stand, each as a program of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from packsys.cli.system import System

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
FORMULA = 'Upper(Probe::Echo("ada")) & "!"'


def run(script: str, **environ: str) -> str:
    """Runs an example with nothing in its environment but what it needs, and gives what it prints."""
    done = subprocess.run(
        [sys.executable, script, FORMULA],
        cwd=ROOT,
        env={"PATH": os.defpath, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_service_submits_over_http(system: System) -> None:
    assert run("examples/http_client.py", PACKSYS_URL=system.url, PACKSYS_KEY=system.key) == "ADA!"


def test_a_service_submits_with_celery_and_the_brokers_address_alone(system: System) -> None:
    assert run("examples/celery_client.py", BROKER_URL=system.settings.state_url) == "ADA!"
