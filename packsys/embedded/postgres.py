"""The PostgreSQL server: its cluster made once, whole or not at all, then one process behind a unix socket."""

from __future__ import annotations

import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packsys.embedded.binaries import postgres_programs
from packsys.embedded.directory import sockets_of
from packsys.embedded.identity import Identity, choose, guarded
from packsys.embedded.process import ENVIRONMENT, Program
from packsys.embedded.reach import data_for, readable_copy
from packsys.errors import NotReady

USER, DATABASE = "app", "packsys"
# The same order of texts on every system, and no dependence on the machine's locales (PostgreSQL 17 and newer).
INITDB = (
    *("--username", USER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C"),
    *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--no-instructions"),
)
# Fit for a laptop. One hundred connections is what a few workers and the service's pools need together.
# io_method=sync: no processes of its own for reading ahead, which small data never needs.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "io_method": "sync",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# A commit is still written to the log before it is answered: killed processes lose nothing, a power cut may.
NOT_DURABLE: Mapping[str, str] = {"fsync": "off", "full_page_writes": "off"}
STATUS_LINE = 7  # of postmaster.pid, counted from 0: LOCK_FILE_LINE_PM_STATUS in PostgreSQL's pidfile.h


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Is where PostgreSQL's data lies, who runs it, and with which programs."""

    data: Path
    programs: Path
    identity: Identity
    durable: bool = True

    @property
    def ready(self) -> bool:
        """Says whether the server that runs on this data has written that it takes connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready"


def socket_folder(sockets: Path) -> Path:
    """Names the folder of PostgreSQL's socket; its own, because another user may have to own it."""
    return sockets / "p"


def accepts(folder: Path, *, timeout: float = 1.0) -> bool:
    """Says whether the server at a socket lets our user into our database.

    Speaks the first message of the protocol by hand, version 3.0: no driver has to be imported to wait for a server.
    """
    fields = f"user\0{USER}\0database\0{DATABASE}\0\0".encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(str(folder / ".s.PGSQL.5432"))
            connection.sendall(struct.pack("!ii", 8 + len(fields), 3 << 16) + fields)
            welcome = connection.recv(1) == b"R"
            connection.sendall(b"X" + struct.pack("!i", 4))
            return welcome
        except OSError:
            return False


def plan_cluster(directory: Path, *, durable: bool, namespaces: bool) -> Cluster:
    """Decides where the cluster lies and who runs it; another user gets what it cannot reach below /var/tmp."""
    identity, programs = choose(namespaces=namespaces), postgres_programs()
    data = directory / "postgres"
    if not identity.reaches(data):
        data = data_for(identity, sockets_of(directory).name) / "postgres"
    if not identity.reaches(programs / "postgres"):
        programs = readable_copy(programs)
    return Cluster(data=data, programs=programs, identity=identity, durable=durable)


def make_cluster(cluster: Cluster, *, give_up: Callable[[], bool]) -> None:
    """Makes the cluster and its database if there is none; raises :class:`~packsys.errors.NotReady` when it fails.

    It is made beside its place and renamed, so that a launcher killed in the middle leaves no half of one.
    """
    if (cluster.data / "PG_VERSION").exists():
        return
    new = cluster.data.with_name("postgres.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    cluster.identity.owns(new)
    sync = () if cluster.durable else ("--no-sync",)
    _run(cluster, "initdb", "--pgdata", str(new), *INITDB, *sync, give_up=give_up)
    database = f"create database {DATABASE};\n".encode()
    _run(cluster, "postgres", "--single", "-D", str(new), "postgres", text=database, give_up=give_up)
    new.rename(cluster.data)


def postgres(cluster: Cluster, *, directory: Path, sockets: Path) -> Program:
    """Gives the program of the server, its socket's folder made."""
    folder = socket_folder(sockets)
    folder.mkdir(mode=0o700, exist_ok=True)
    cluster.identity.owns(folder)
    if cluster.identity.kind == "user":
        sockets.chmod(0o711)
    # The caller holds the lock that every server process inherits, so that no server can be left; without this,
    # a stranger with the number of a killed one would keep ours from starting.
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)
    settings = {**SETTINGS, **({} if cluster.durable else NOT_DURABLE), "unix_socket_directories": str(folder)}
    options = (part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
    return Program(
        name="postgres",
        command=(str(cluster.programs / "postgres"), "-D", str(cluster.data), *options),
        log=directory / "postgres.log",
        farewell=signal.SIGINT,
        identity=cluster.identity,
    )


def _run(cluster: Cluster, program: str, *arguments: str, text: bytes = b"", give_up: Callable[[], bool]) -> None:
    """Runs one of PostgreSQL's programs to its end."""
    command = guarded(cluster.identity, signal.SIGKILL, str(cluster.programs / program), *arguments)
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as asked:
        asked.write(text)
        asked.seek(0)
        with subprocess.Popen(command, stdin=asked, stdout=said, stderr=said, cwd="/", env=ENVIRONMENT) as running:
            _wait(running, give_up=give_up)
        if running.returncode:
            said.seek(0)
            raise NotReady(f"PostgreSQL's {program} failed:\n{said.read().decode(errors='replace')[-2000:]}")


def _wait(running: subprocess.Popen[bytes], *, give_up: Callable[[], bool]) -> None:
    """Waits for a program's end, and ends it when it is no longer wanted."""
    while running.poll() is None:
        try:
            running.wait(0.05)
        except subprocess.TimeoutExpired:
            if give_up():
                running.kill()
