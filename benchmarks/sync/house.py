"""One service, one set of servers, and everybody who loads rows from the one into the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from benchmarks.execution.trees import tree
from benchmarks.figures import progress
from benchmarks.sync.peers.order import peak
from packsys.bootstrap import Services, wire
from packsys.cli.system import Plan, System
from packsys.connections.vault import Secret
from packsys.runtime.connect import NewConnection
from packsys.store.schema import migrate
from packsys.syncmodel import Mode, SyncTable

PACK = Path(__file__).parents[1] / "packs" / "rows.py"
PACK_ID = 9310
ACCOUNT = "0b5f4c1e-8a55-4c0e-9f3e-6f6b7a1d2c3e"
OURS, BARE, TUNED, DEFAULT = "packsys", "bare", "dlt-tuned", "dlt-default"
SLOTS = 8
"""Pages at once, over a process a core: what one partition waits for another need not wait for."""

PATIENCE = 600.0
"""Seconds after which a load that has not ended ends the benchmark."""


@dataclass(frozen=True)
class Load:
    """Is one load: its seconds, the most memory that a process had meanwhile in megabytes, and bytes of log by row."""

    seconds: float
    peak: float
    log: float = 0.0


Loader = Callable[[int, float], Load]
"""Loads all rows in pages of so many, from a service that takes so many seconds for each."""


@dataclass(frozen=True)
class House:
    """Is what everybody shares: the service, the servers, and a folder."""

    system: System
    services: Services
    url: str
    rows: int
    folder: Path

    @property
    def database(self) -> str:
        """Gives the address of the database of all but packsys."""
        return self.system.settings.database_url.replace("+psycopg", "").replace("/packsys?", "/bench?")

    def loaders(self) -> Iterator[tuple[str, Callable[[], Loader]]]:
        """Gives everybody by name, each to be begun anew with nothing loaded; who is not installed is left out."""
        yield OURS, self.ours
        yield BARE, lambda: self._peer("bare", "-m", "benchmarks.sync.peers.bare")
        if find_spec("dlt"):
            yield TUNED, lambda: self._peer("dlt_tuned", "-m", "benchmarks.sync.peers.dltload", "tuned")
            yield DEFAULT, lambda: self._peer("dlt_default", "-m", "benchmarks.sync.peers.dltload")
        else:
            progress("dlt is left out: it is not installed (see the group 'bench' in pyproject.toml)")

    def ours(self, table: str = "Rows") -> Loader:
        """Gives our own workers, which read a table of the pack."""
        name = f"rows-{next(_NUMBERS)}"

        def load(size: int, delay: float) -> Load:
            syncs = self.services.syncs
            if name not in {each.id for each in syncs.tables.list(workspace="default")}:
                syncs.tables.add(
                    SyncTable(
                        id=name, workspace="default", pack_id=PACK_ID, table=table, account=ACCOUNT,
                        parameters={"size": size, "delay": delay},
                    )
                )  # fmt: skip
            workers = _Peaks(self.system.processes["worker"].pid)
            before, begun = self._log(), time.perf_counter()
            run = syncs.start(name, mode=Mode.FULL)
            self._await(run.id)
            seconds, written = time.perf_counter() - begun, self._log() - before
            ended = syncs.runs.get(run.id)
            assert ended.counts.rows == self.rows, ended
            return Load(seconds, workers.most(), written / self.rows)

        return load

    def _peer(self, name: str, *command: str) -> Loader:
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute("drop table if exists bare")
            connection.execute(f"drop schema if exists {name} cascade")
            connection.execute(f"drop schema if exists {name}_staging cascade")
        folder = self.folder / f"{name}-{next(_NUMBERS)}"
        folder.mkdir()

        def load(size: int, delay: float) -> Load:
            told = [*command, self.url, self.database, str(folder), str(size), str(delay)]
            before = self._log()
            ran = subprocess.run([sys.executable, *told], capture_output=True, text=True, check=False)
            if ran.returncode:
                raise RuntimeError(f"{name} failed:\n{ran.stderr[-2000:]}")
            found = json.loads(ran.stdout.splitlines()[-1])
            return Load(found["seconds"], found["peak"], (self._log() - before) / self.rows)

        return load

    def _await(self, run: str) -> None:
        """Waits for the end of a run; the others have nobody who looks, so a look must not take from the worker."""
        begun, looks = time.perf_counter(), "select finished_at from sync_run where run_id = %s"
        with psycopg.connect(self.database.replace("/bench?", "/packsys?"), autocommit=True) as connection:
            while connection.execute(looks, (run,), prepare=True).fetchone() == (None,):
                assert time.perf_counter() - begun < PATIENCE, run
                time.sleep(0.025)

    def _log(self) -> float:
        with psycopg.connect(self.database) as connection:
            found = connection.execute("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
        return float(found[0]) if found else 0.0


_NUMBERS = count(1)


class _Peaks:
    """Watches the most memory that the processes of a worker have from now on."""

    def __init__(self, root: int) -> None:
        self._pids = [each.pid for each in tree(root)]
        for pid in self._pids:
            with suppress(OSError):
                Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")  # proc(5): begins the count anew

    def most(self) -> float:
        return max((peak(pid) for pid in self._pids), default=0.0)


@contextmanager
def house(rows: int) -> Iterator[House]:
    """Starts the service, the servers, and our workers."""
    with TemporaryDirectory(prefix="packsys-bench-") as name, _service(rows) as url:
        plan = Plan(
            directory=Path(name), parts=("worker",), slots=SLOTS, packs=(str(PACK),), allowed_networks=("127.0.0.0/8",)
        )
        with System(plan) as system:
            migrate(system.settings.database_url)
            services = wire(system.settings)
            services.connect(
                NewConnection(pack_id=PACK_ID, name="me", token=Secret("fake-token"), endpoint=url, id=ACCOUNT)
            )
            made = House(system, services, url, rows, Path(name))
            with psycopg.connect(made.database.replace("/bench?", "/packsys?"), autocommit=True) as connection:
                connection.execute("create database bench")
            progress("packsys starts its workers, and reads a table that is not counted")
            made.ours()(1000, 0.0)  # the others' time begins when they have imported all that they need
            yield made


@contextmanager
def _service(rows: int) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.sync.api", str(rows)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()
