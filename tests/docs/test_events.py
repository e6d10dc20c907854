"""The page about events and webhooks is true, and its programs run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from packsys.bootstrap import wire
from packsys.cli.system import System
from packsys.client import Packsys
from packsys.model import EventKind, Progress
from packsys.runtime.deliver import SCHEDULE, TIMEOUT
from packsys.runtime.message import LARGEST
from packsys.store.deliveries import MOST, SHARE
from tests.callbacks import Receiver
from tests.docs.blocks import blocks, commands

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "events.md"
TEXT = PAGE.read_text("utf-8")
FOLLOWS, VERIFIES = blocks(PAGE, "python")
PROGRESS, MESSAGE = (json.loads(block) for block in blocks(PAGE, "json"))


def environ(system: System) -> dict[str, str]:
    return {**system.environ, "PYTHONPATH": str(ROOT), "PACKSYS_URL": system.url, "PACKSYS_KEY": system.key}


def test_every_kind_of_event_is_on_the_page() -> None:
    for kind in EventKind:
        assert f"`{kind}`" in TEXT


def test_progress_is_what_it_shows() -> None:
    named = {*Progress.__dataclass_fields__, "total"}
    assert PROGRESS.keys() == named
    assert PROGRESS["total"] == sum(PROGRESS[name] for name in ("queued", "running", "waiting", "done", "failed"))


def test_its_figures_are_the_ones_in_force() -> None:
    assert SCHEDULE == (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
    assert (TIMEOUT, LARGEST, SHARE, MOST) == (15, 20_000, 8, 32)


@pytest.mark.slow
def test_a_stream_is_what_it_shows(system: System, service: Packsys) -> None:
    if not shutil.which("curl"):
        pytest.skip("there is no curl on this machine")
    job = service.submit("1 + 1", wait=20).id
    for command in commands(PAGE):
        shell = ["/bin/sh", "-c", command.line]
        done = subprocess.run(shell, env={**environ(system), "JOB": job}, capture_output=True, text=True, check=True)
        assert command.shown in done.stdout


@pytest.mark.slow
def test_its_follower_follows(system: System) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FOLLOWS], env=environ(system), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["1 job.accepted", "2 job.done"]


@pytest.mark.slow
def test_its_receiver_verifies_what_is_sent(system: System, service: Packsys) -> None:
    secret = wire(system.settings).webhook_secrets.rotate("default").reveal()
    program: dict[str, Any] = {}
    exec(VERIFIES, program)
    with Receiver() as receiver:
        job = service.submit("6 * 7", callback=receiver.url)
        received = receiver.next()
    verify = program["verify"]
    headers = dict(received.headers)
    assert verify(secret, headers, received.body)
    assert not verify(secret, headers, received.body + b" ")
    assert not verify(secret, {**headers, "webhook-timestamp": "1"}, received.body)
    told = json.loads(received.body)
    assert (told.keys(), told["data"].keys()) == (MESSAGE.keys(), MESSAGE["data"].keys())
    assert (told["data"]["id"], told["data"]["value"]) == (job.id, 42)
