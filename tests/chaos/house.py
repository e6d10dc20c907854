"""A whole house that can be hurt: two workers, beat, service and servers, each of which is started again when it dies.

Starting again is what systemd, Docker or Kubernetes do for a house; here :meth:`House.tend` does, and it must be called
from one thread: the kernel ends a process with the thread that started it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import psutil

from packsys.cli.system import Plan, System
from packsys.client import Packsys
from packsys.embedded.process import Process, Program, spawn
from packsys.errors import NotReady
from tests.chaos.broker import client
from tests.chaos.failpoints import Deaths
from tests.chaos.provider import Provider

ROOT = Path(__file__).parents[2]
PACK = str(ROOT / "tests/packs/chaos.py")
ACCOUNT = "0b5f4c1e-8a55-4c0e-9f3e-6f6b7a1d2c3e"
LEASE, GRACE = 2.0, 1.5
SLOTS = 3
PROCESSES = min(SLOTS, os.cpu_count() or 1)
"""How many processes a worker is: each waits for messages by itself, one slot without threads, more with them."""
WORKERS = ("worker-1", "worker-2")
PAUSE = 0.02

MODULES: Mapping[str, tuple[str, ...]] = {
    "worker": ("-m", "workers", "--slots", str(SLOTS)),
    "mortal": ("-m", "tests.chaos.worker", "--slots", str(SLOTS)),
    "beat": ("-m", "celery", "-A", "scheduler.app", "beat", "--pidfile="),
}
"""How each kind of process is started: ``worker-1`` is of the kind ``worker``."""


class House:
    """Runs everything while the block does; ``provider`` is the service that its packs call.

    ``dispatcher`` is the setting of that name.
    """

    def __init__(self, directory: Path, provider: Provider, *, dispatcher: str = Plan.dispatcher) -> None:
        plan = Plan(
            directory=directory,
            parts=("service",),
            packs=(PACK,),
            allowed_networks=("127.0.0.0/8",),
            lease=LEASE,
            grace=GRACE,
            dispatcher=dispatcher,
            durable=False,
            patience=0.5,
        )
        self.provider = provider
        self.system = System(plan)
        self.deaths = Deaths(folder=directory / "deaths")
        self._directory = directory
        self._crew: dict[str, Process] = {}
        self._leaders: list[int] = []
        self._struck: set[int] = set()
        self.fallen: list[str] = []

    def __enter__(self) -> House:
        try:
            self.system.start()
            self.system.wait_ready()
            self.deaths.folder.mkdir()
            with Packsys(self.system.url, self.system.key) as packsys:
                packsys.connections.connect(
                    pack="Chaos", name="me", token="fake-token", endpoint=self.provider.url, connection=ACCOUNT
                )
            for name in (*WORKERS, "beat-1"):
                self.start(name)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends everything."""
        for name in tuple(self._crew):
            self.dismiss(name)
        for leader in self._leaders:  # a parent that was killed may have left children behind
            _kill_group(leader)
        self.system.stop()

    # the crew

    def start(self, name: str) -> None:
        """Starts a process and keeps it running from now on."""
        if name == "service":
            self.system.start_part(name)
            return
        kind = name.partition("-")[0]
        more = ("-s", str(self._directory / f"{name}.schedule")) if kind == "beat" else ()
        place = {"PACKSYS_DEATHS": str(self.deaths.folder), "PYTHONPATH": str(ROOT)}
        made = spawn(
            Program(
                name=name,
                command=(sys.executable, *MODULES[kind], *more),
                log=self._directory / f"{name}.log",
                farewell=signal.SIGTERM,
                environment={**self.system.environ, **place},
            )
        )
        self._crew[name] = made
        self._leaders.append(made.pid)

    def dismiss(self, name: str) -> None:
        """Ends a process at once, with its children, and keeps it ended."""
        process = self._crew.pop(name)
        _kill_group(process.pid)
        process.end(grace=5)

    def tend(self) -> None:
        """Starts what has died again, the service too; ``fallen`` keeps the names of those that nobody had killed."""
        for name, process in (*self._crew.items(), ("service", self.system.processes["service"])):
            if not process.alive:
                if process.pid not in self._struck and not name.startswith("mortal-"):
                    self.fallen.append(name)
                self.start(name)

    def until(self, true: Callable[[], bool], *, seconds: float) -> bool:
        """Tends the house until something is true; False when that takes too long."""
        deadline = time.monotonic() + seconds
        while not true():
            if time.monotonic() > deadline:
                return False
            self.tend()
            time.sleep(PAUSE)
        return True

    def names(self, kind: str) -> tuple[str, ...]:
        """Lists the processes of a kind."""
        return tuple(name for name in self._crew if name.startswith(f"{kind}-"))

    def parent(self, name: str) -> psutil.Process:
        """Finds a process of the crew, or the service."""
        found = self._crew[name] if name in self._crew else self.system.processes[name]
        return psutil.Process(found.pid)

    def send(self, name: str, number: signal.Signals, *, whole: bool = True) -> None:
        """Sends a signal to a process, and to all that it started when it is meant as a whole."""
        with suppress(psutil.NoSuchProcess):
            parent = self.parent(name)
            self._struck.add(parent.pid)
            for process in (parent, *(parent.children(recursive=True) if whole else ())):
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(number)

    def cry(self) -> None:
        """Has every worker write into its log what its threads are doing: Celery does on this signal."""
        for name in (*self.names("worker"), *self.names("mortal")):
            with suppress(psutil.NoSuchProcess, OSError):
                for process in filter(_hears, self.parent(name).children()):
                    process.send_signal(signal.SIGUSR1)

    def kill_child(self, name: str, which: int) -> None:
        """Kills one of the processes below a worker, or the worker where there are none."""
        with suppress(psutil.NoSuchProcess):
            children = self.parent(name).children(recursive=True)
            struck = children[which % len(children)] if children else self.parent(name)
            self._struck.add(struck.pid)
            struck.kill()

    @property
    def consumers(self) -> int:
        """Counts the processes that must be waiting for messages when there is nothing to do."""
        return PROCESSES * len((*self.names("worker"), *self.names("mortal")))

    # the servers

    @property
    def state(self) -> Any:
        """Gives a client of the state server."""
        return client(self.system.settings.state_url)

    @property
    def cache(self) -> Any:
        """Gives a client of the cache server."""
        return client(self.system.settings.cache_url)

    def start_postgres(self) -> None:
        """Starts PostgreSQL after it was killed, as soon as what that left behind lets it start."""
        deadline = time.monotonic() + 20
        while True:
            try:
                return self.system.servers.start_postgres()
            except NotReady:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def ready(self) -> bool:
        """Asks the service whether it is ready."""
        try:
            return httpx.get(f"{self.system.url}/ready", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False


def _hears(process: psutil.Process) -> bool:
    """Tells whether a process has a handler of SIGUSR1 by now; the signal would end one that has not."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (signal.SIGUSR1 - 1) & 1)


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
