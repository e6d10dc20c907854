"""Kills workers with SIGKILL at every step of the protocol, many times each: ``python -m tests.sync.killing``.

A worker is a process of its own, on a real PostgreSQL. Its calls to the house are counted, and before or after one of
them it is killed; ``anywhere`` it is killed from outside at a random time, in the middle of statements too. Another one
goes on when its lease has run out. What is kept then is compared with what is kept when nobody is killed: rows, feed,
counters, pages. Prints one JSON object a line for each step; the exit code is 1 where anything diverged.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packsys.embedded import EmbeddedServers
from packsys.store.database import Database, open_database
from packsys.store.schema import migrate
from packsys.syncmodel import Mode, SyncRun, SyncTable
from tests.ports.house import empty
from tests.ports.synchouse import syncs_in_postgres
from tests.sync.fate import Fate, edit, mortal
from tests.sync.source import Source
from tests.sync.test_kills import BOUNDLESS
from tests.sync.world import World, world

ANYWHERE = "anywhere"
PATIENCE = 20
"""Workers that may take up a run before it counts as lost."""


@dataclass
class Steps(Fate):
    """Notes the steps that a worker passes, or kills its process at one."""

    passed: list[str] = field(default_factory=list)
    deadly: int = -1

    def _moment(self, call: Callable[[], Any] | None, name: str) -> None:
        if len(self.passed) == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        self.passed.append(f"{'before' if call else 'after'} {name}")


def scene(database: Database, name: str) -> tuple[World, SyncTable, SyncRun]:
    """Gives a table whose source has changed since it was synced, and the run that is to find that out."""
    empty(database)
    made = world(Source(), house=syncs_in_postgres(database), slice=10.0)
    edit(made.source, [(f"0{number}", number) for number in range(5)])
    table = made.table(guard=BOUNDLESS, table=name)
    made.sync(table)
    edit(made.source, [("00", None), ("01", 7), ("09", 9)])
    return made, table, made.start(table.id, mode=Mode.FULL)


def outcome(made: World, table: SyncTable, run: SyncRun) -> tuple[Any, ...]:
    """Gives what is kept of a run."""
    ended = made.house.runs.get(run.id)
    # Which partition is read first after a loss is not said, so that the order of the feed is not either.
    story = sorted(made.house.story(table)) if ended.partitions else made.house.story(table)
    return made.values(table), story, ended.counts, ended.pages, ended.state


def serve(made: World, fate: Fate) -> None:
    """Delivers every message to a worker with a fate."""
    hurt = mortal(made, fate)
    while made.bells.waiting:
        hurt.serve(*made.bells.waiting.popleft())


def steps(database: Database, name: str) -> tuple[Sequence[str], tuple[Any, ...], float]:
    """Gives the steps of a worker that nobody kills, what is kept then, and the seconds that it took."""
    made, table, run = scene(database, name)
    fate, begun = Steps(), time.monotonic()
    serve(made, fate)
    return fate.passed, outcome(made, table, run), time.monotonic() - begun


def survived(database: Database, name: str, *, deadly: int, after: float | None) -> tuple[Any, ...]:
    """Has a worker killed at a step, or after some seconds, and others go on; gives what is kept in the end."""
    made, table, run = scene(database, name)
    work(made, deadly=deadly, after=after)
    for _ in range(PATIENCE):
        if made.house.runs.get(run.id).state.final:
            break
        made.house.wait(2000)
        made.reconcile()
        work(made, deadly=-1, after=None)
    return outcome(made, table, run)


def work(made: World, *, deadly: int, after: float | None) -> None:
    """Lets a process serve what was rung for, and waits for its end."""
    child = os.fork()
    if child == 0:
        serve(made, Steps(deadly=deadly))
        os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    made.bells.waiting.clear()  # the messages that it held are lost with it


def matrix(database: Database, name: str, *, runs: int, seed: int) -> int:
    """Kills at every step so many times, reports each, and counts the runs that diverged."""
    chance, (passed, wanted, seconds) = random.Random(seed), steps(database, name)
    diverged = 0
    for number, place in [*enumerate(passed), (-1, ANYWHERE)]:
        wrong = 0
        for _ in range(runs):
            after = chance.uniform(0, seconds) if place == ANYWHERE else None
            wrong += survived(database, name, deadly=number, after=after) != wanted
        sys.stdout.write(
            json.dumps({"table": name, "step": number, "at": place, "runs": runs, "diverged": wrong}) + "\n"
        )
        sys.stdout.flush()
        diverged += wrong
    return diverged


def main() -> int:
    """Runs what the options ask for, and gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.sync.killing", description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="kills at each step (default: 200)")
    parser.add_argument("--seed", type=int, default=1, help="decides the random times (default: 1)")
    parser.add_argument("--table", action="append", help="whose run is hurt (default: one with partitions, too)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="packsys-kills-") as folder:
        servers = EmbeddedServers(Path(folder) / "servers", durable=False)
        servers.start()
        try:
            servers.wait_ready(60)
            migrate(servers.database_url)
            database = open_database(servers.database_url)
            tables = options.table or ("Things", "PartedThings")
            return int(sum(matrix(database, each, runs=options.runs, seed=options.seed) for each in tables) > 0)
        finally:
            servers.stop()


if __name__ == "__main__":
    sys.exit(main())
