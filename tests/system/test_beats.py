"""Two beats, one of which dies every five seconds: each slot fires once, and no gap is felt."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread

import pytest

from packsys.kvstore.address import connect
from packsys.scheduling.rhythm import Every
from packsys.scheduling.schedule import Cause, Fate, Schedule
from packsys.store.database import open_database
from packsys.store.schedules import PostgresSchedules, PostgresSlots

pytestmark = pytest.mark.chaos

log = logging.getLogger(__name__)

FULL = 300.0
SECONDS = float(os.environ.get("PACKSYS_BEATS_SECONDS", "11"))
"""For how long the beats are killed; the full proof takes 300."""

BETWEEN_KILLS = 5.0
LARGEST_GAP = 3.0 if SECONDS >= FULL else 10.0
"""Seconds between two slots. The full proof is for a calm machine; the short one runs on those that do other things."""


@dataclass(frozen=True)
class Beat:
    """Is one running beat, and the file that it touches when it works."""

    process: subprocess.Popen[bytes]
    sign: Path

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)


@dataclass
class Beats:
    """Is a pair of beats on the same servers."""

    environ: dict[str, str]
    folder: Path
    running: list[Beat] = field(default_factory=list)
    killed: int = 0

    def start(self) -> None:
        sign = self.folder / f"beat-{len(self.running) + self.killed}"
        command = [sys.executable, "-m", "celery", "-A", "scheduler.app", "beat", "--pidfile=", f"--schedule={sign}"]
        with sign.with_suffix(".log").open("wb") as out:
            self.running.append(Beat(subprocess.Popen(command, env=self.environ, stdout=out, stderr=out), sign))

    def kill_older(self) -> None:
        """Kills a beat as a machine that loses power does, and starts another.

        The other one must have started by then, which takes a loaded machine longer than the time between two kills.
        """
        wait_until(self.running[1].sign.exists)
        self.running.pop(0).kill()
        self.killed += 1
        self.start()

    def stop(self) -> None:
        for each in self.running:
            each.kill()


@dataclass
class Listener:
    """Takes messages off a queue as a worker does, and notes when they came."""

    url: str
    target: str
    came: list[tuple[float, str]] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    def __call__(self) -> None:
        client = connect(self.url, timeout=10)
        while not self.over.is_set():
            found = client.brpop(["syncs"], timeout=1)
            if found is not None:
                self._note(json.loads(found[1]))  # type: ignore[index]

    def _note(self, message: dict[str, object]) -> None:
        headers, body = message["headers"], message["body"]
        assert isinstance(headers, dict)
        args = json.loads(b64decode(str(body)))[0]
        if args[0] == self.target:
            self.came.append((time.monotonic(), str(headers["id"])))


@contextmanager
def listening(url: str, target: str) -> Iterator[Listener]:
    listener = Listener(url, target)
    thread = Thread(target=listener, daemon=True)
    thread.start()
    yield listener
    listener.over.set()
    thread.join(10)


@pytest.fixture
def environ(database_url: str, state_url: str, cache_url: str) -> dict[str, str]:
    urls = {"PACKSYS_DATABASE_URL": database_url, "PACKSYS_STATE_URL": state_url, "PACKSYS_CACHE_URL": cache_url}
    return {**os.environ, **urls}


@pytest.fixture
def beats(environ: dict[str, str], tmp_path: Path) -> Iterator[Beats]:
    pair = Beats(environ, tmp_path)
    pair.start()
    pair.start()
    yield pair
    pair.stop()


@pytest.mark.timeout(SECONDS + 120)
def test_each_slot_fires_once_without_a_gap_while_beats_are_killed(
    beats: Beats, database_url: str, state_url: str
) -> None:
    """With ``--log-cli-level=INFO`` it says what it found."""
    database = open_database(database_url)
    schedules = PostgresSchedules(database)
    with listening(state_url, "killed") as listener:
        schedules.keep(Schedule(id="each-second", kind="sync", target="killed", rhythm=Every(1.0)))
        wait_until(lambda: len(listener.came) > 2)
        begun = time.monotonic()
        while time.monotonic() < begun + SECONDS:
            Event().wait(BETWEEN_KILLS)
            beats.kill_older()
        before = len(listener.came)
        wait_until(lambda: len(listener.came) > before + 2)
        schedules.keep(Schedule(id="each-second", kind="sync", target="killed", rhythm=Every(1.0), paused=True))
        slots = schedules.slots("each-second", limit=10_000)
        wait_until(
            lambda: {id for _, id in listener.came} >= {slot.task_id for slot in slots if slot.fate is Fate.SENT}
        )
    database.close()
    came = Counter(id for _, id in listener.came)
    assert set(came) == {slot.task_id for slot in slots if slot.fate is Fate.SENT}
    # A beat that dies between a message and its mark leaves a second message with the same id.
    assert came.total() - len(came) <= beats.killed
    assert beats.killed > 1
    first = sorted({id: at for at, id in reversed(listener.came)}.values())
    gap = max(late - early for early, late in pairwise(first))
    twice = came.total() - len(came)
    log.info(
        "%s slots, %s of them sent twice, %s beats killed, largest gap %.2f s", len(came), twice, beats.killed, gap
    )
    assert gap < LARGEST_GAP


def test_what_is_asked_for_by_hand_is_sent_by_a_beat(beats: Beats, database_url: str, state_url: str) -> None:
    database = open_database(database_url)
    with listening(state_url, "asked") as listener:
        PostgresSchedules(database).keep(Schedule(id="by-hand", kind="sync", target="asked"))
        assert PostgresSlots(database).trigger("by-hand", Cause.HAND)
        wait_until(lambda: bool(listener.came))
    database.close()


def wait_until(met: Callable[[], bool], *, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline
        Event().wait(0.05)
