"""Kills what works for sync tables with SIGKILL, at every step of the protocol: ``python -m tests.sync.killing``.

A worker, a reconciler or a beat is a process of its own, on a real PostgreSQL and a real Valkey. Its calls to the house
are counted, and before or after one of them it is killed; ``anywhere`` it is killed from outside at a random time, in
the middle of statements too. The message that it held is delivered again, or is lost. Others go on, and what is kept
then is compared with what is kept when nobody is killed: rows, feed, counters, pages, slots; and the rows with those of
the source. Prints one JSON object a line for each step; the exit code is 1 where anything diverged.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packsys.embedded import EmbeddedServers
from packsys.kvstore.address import connect
from packsys.store.database import Database, open_database
from packsys.store.schema import migrate
from tests.sync.fate import Fate
from tests.sync.scenes import SCENES, Broker, Make, Scene

ANYWHERE = "anywhere"


@dataclass
class Steps(Fate):
    """Notes the steps that a process passes, or kills it at one."""

    passed: list[str] = field(default_factory=list)
    deadly: int = -1

    def _moment(self, call: Callable[[], Any] | None, name: str) -> None:
        if len(self.passed) == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        self.passed.append(f"{'before' if call else 'after'} {name}")


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """Kills so many times at each step of a scene, and compares."""

    database: Database
    broker: Broker
    chance: random.Random
    runs: int

    def __call__(self, name: str) -> int:
        """Reports each step of a scene, and counts the runs that diverged."""
        make, diverged = SCENES[name], 0
        passed, wanted = self.undisturbed(make)
        for number, at in [*enumerate(passed), (-1, ANYWHERE)]:
            begun, scene = time.monotonic(), make(self.database, self.broker)
            latest = self.duration(scene) if at == ANYWHERE else None
            wrong = sum(self.survived(scene, deadly=number, latest=latest) != wanted for _ in range(self.runs))
            scene.check()
            seconds = round(time.monotonic() - begun, 1)
            told = {"scene": name, "step": number, "at": at, "runs": self.runs, "diverged": wrong, "seconds": seconds}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
            diverged += wrong
        return diverged

    def undisturbed(self, make: Make) -> tuple[list[str], Any]:
        """Gives the steps of a process that nobody kills, and what is kept then."""
        scene, fate = make(self.database, self.broker), Steps()
        scene.begin()
        scene.work(fate)
        scene.recover()
        wanted = scene.outcome()
        assert wanted[0], "It is wrong even where nobody is killed."
        return fate.passed, wanted

    def duration(self, scene: Scene) -> float:
        """Gives the seconds that such a process takes."""
        scene.begin()
        begun = time.monotonic()
        forked(scene, deadly=-1, after=None)
        ended = time.monotonic()
        scene.recover()
        return ended - begun

    def survived(self, scene: Scene, *, deadly: int, latest: float | None) -> Any:
        """Has a process killed at a step, or after some seconds, and others go on; gives what is kept in the end."""
        scene.begin()
        forked(scene, deadly=deadly, after=None if latest is None else self.chance.uniform(0, latest))
        if self.chance.random() < 0.5:
            self.broker.give_back()
        else:
            self.broker.clear()
        scene.recover()
        return scene.outcome()


def forked(scene: Scene, *, deadly: int, after: float | None) -> None:
    """Lets a process do its work, and waits for its end; raises AssertionError where that is another than is meant."""
    gc.freeze()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            scene.work(Steps(deadly=deadly))
            code = 0
        finally:
            os._exit(code)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    killed = code == -signal.SIGKILL
    assert killed if deadly >= 0 else code == 0 or (killed and after is not None), f"exit code {code}"


@contextmanager
def stage() -> Iterator[tuple[Database, Broker]]:
    """Starts servers, and gives the ways to them."""
    with tempfile.TemporaryDirectory(prefix="packsys-kills-") as folder:
        servers = EmbeddedServers(Path(folder) / "servers", durable=False)
        servers.start()
        try:
            servers.wait_ready(60)
            migrate(servers.database_url)
            yield open_database(servers.database_url), Broker(connect(servers.cache_url, timeout=10))
        finally:
            servers.stop()


def main() -> int:
    """Runs what the options ask for, and gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.sync.killing", description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="kills at each step (default: 200)")
    parser.add_argument("--seed", type=int, default=1, help="decides the random times (default: 1)")
    parser.add_argument("--scene", choices=SCENES, action="append", help="whom to kill (default: each)")
    options = parser.parse_args()
    logging.disable()  # what is repaired is said each time
    with stage() as (database, broker):
        matrix = Matrix(database=database, broker=broker, chance=random.Random(options.seed), runs=options.runs)
        return int(sum(map(matrix, options.scene or SCENES)) > 0)


if __name__ == "__main__":
    sys.exit(main())
