"""Processes refuse to start on servers that would lose work, and say what to set."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from packsys.embedded import EmbeddedServers

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]

PROCESSES = {
    "a worker": ("-m", "workers"),
    "a worker started by Celery": ("-m", "celery", "-A", "workers.app", "worker"),
    "the service": ("-m", "packsys.cli.main", "serve", "--port", "0"),
}


@pytest.mark.parametrize("name", PROCESSES)
def test_it_refuses_a_state_server_that_evicts(name: str, servers: EmbeddedServers) -> None:
    environ = {
        **os.environ,
        "PACKSYS_DATABASE_URL": servers.database_url,
        "PACKSYS_STATE_URL": servers.cache_url,
        "PACKSYS_CACHE_URL": servers.cache_url,
    }
    done = subprocess.run(
        (sys.executable, *PROCESSES[name]),
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "maxmemory-policy noeviction" in done.stderr
