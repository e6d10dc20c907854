"""Who takes part: what each needs, its worker processes, and its client."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from benchmarks.execution.engine import PATIENCE, Stopwatch
from benchmarks.execution.shapes import CHAIN
from benchmarks.execution.trees import cpu_seconds, send
from benchmarks.figures import progress
from packsys.embedded.process import Process, Program, spawn
from packsys.kvstore.address import translated

PROCESSES = 2
"""How many worker processes a peer has whose slots are threads."""


@dataclass(frozen=True)
class Peer:
    """Is somebody else's engine: its name in figures, the package it needs, its module here, and its workers."""

    name: str
    package: str
    module: str
    commands: tuple[tuple[str, ...], ...]
    before: tuple[str, ...] = ()

    @property
    def installed(self) -> bool:
        """Tells whether its package is there."""
        return find_spec(self.package) is not None


_HERE = "benchmarks.execution.peers"
_CELERY = ("-m", "celery", "-A", f"{_HERE}.canvas", "worker", "-l", "WARNING")


def peers(slots: int) -> Sequence[Peer]:
    """Lists them with ``slots`` slots: of two, each has two processes; of more, threads in as many processes.

    A Celery pool is one of processes by default, and one of threads where calls wait.
    """
    threads, pool = str(slots // PROCESSES), ("-P", "threads") if slots > PROCESSES else ()
    return (
        Peer("canvas", "celery", f"{_HERE}.canvas", ((*_CELERY, "-c", str(slots), *pool),)),
        Peer(
            "dramatiq", "dramatiq", f"{_HERE}.actors",
            (("-m", "dramatiq", f"{_HERE}.actors", "-p", str(PROCESSES), "-t", threads),),
        ),
        Peer(
            "dbos", "dbos", f"{_HERE}.durable", (("-m", f"{_HERE}.durable"),) * PROCESSES,
            before=("-m", f"{_HERE}.durable", "prepare"),
        ),
        Peer("lua", "redis", f"{_HERE}.limit", (("-m", f"{_HERE}.limit"),) * PROCESSES),
    )  # fmt: skip


def addresses(state_url: str, database_url: str, *, slots: int) -> Mapping[str, str]:
    """Gives each peer a place of its own on the same servers."""
    redis = translated(state_url).partition("?")[0]
    return {
        "BENCH_CELERY": state_url.replace("virtual_host=0", "virtual_host=1"),
        "BENCH_DRAMATIQ": f"{redis}?db=2&socket_timeout={PATIENCE + 5}",  # it waits on the socket for results
        "BENCH_LUA": f"{redis}?db=3",
        "BENCH_DBOS": database_url.replace("+psycopg", "").replace("/packsys?", "/bench_dbos?"),
        "BENCH_SLOTS": str(slots // PROCESSES),
    }


@dataclass(frozen=True, kw_only=True)
class Contender:
    """Is an engine with its workers; they are still while others have their turn."""

    name: str
    watch: Stopwatch
    processes: Sequence[int]
    spawned: Sequence[Process] = field(default=())

    @contextmanager
    def awake(self) -> Iterator[None]:
        """Lets its workers run, and lets them come to speed with one job."""
        send(self.processes, signal.SIGCONT)
        try:
            self.watch.run(CHAIN, 1)
            yield
        finally:
            send(self.processes, signal.SIGSTOP)

    def cpu(self, servers: Iterable[int]) -> float:
        """Gives the CPU seconds so far of its workers, of the client, which is this process, and of the servers."""
        return cpu_seconds([*self.processes, *servers]) + sum(os.times()[:2])

    def end(self) -> None:
        """Wakes its workers, and ends those that are not the house's."""
        send(self.processes, signal.SIGCONT)
        for process in self.spawned:
            process.say_farewell()
        for process in self.spawned:
            process.end(grace=10.0)


def joined(peer: Peer, folder: Path) -> Contender:
    """Starts a peer's workers and makes its client."""
    spawned = [spawn(_program(peer, command, folder, number)) for number, command in enumerate(peer.commands)]
    try:
        engine = import_module(peer.module).Engine()
        contender = Contender(
            name=peer.name, watch=Stopwatch(engine), processes=[each.pid for each in spawned], spawned=spawned
        )
        with contender.awake():
            progress(f"{peer.name} is ready")
    except BaseException:
        for process in spawned:
            process.end(grace=0.0)
        raise
    return contender


def prepared(peer: Peer, folder: Path) -> None:
    """Does what must be done before a peer's workers start; raises RuntimeError when it fails."""
    if peer.before:
        process = spawn(_program(peer, peer.before, folder, 0))
        process.end(grace=120.0)
        if process.handle.returncode:
            raise RuntimeError(f"{peer.name} could not be prepared:\n{process.last_words()}")


def _program(peer: Peer, command: Sequence[str], folder: Path, number: int) -> Program:
    return Program(
        name=peer.name,
        command=(sys.executable, *command),
        log=folder / f"{peer.name}-{number}.log",
        farewell=signal.SIGTERM,
        environment=dict(os.environ),
    )
