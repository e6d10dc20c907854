"""The PostgreSQL server: its cluster made once, whole or not at all, then one process behind a unix socket."""

from __future__ import annotations

import shutil
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from packsys.embedded.binaries import postgres_programs
from packsys.embedded.directory import sockets_of
from packsys.embedded.identity import Identity, choose
from packsys.embedded.process import Program, spawn
from packsys.embedded.reach import data_for, readable_copy
from packsys.errors import NotReady

USER, DATABASE = "app", "packsys"
PAUSE = 0.01
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


def make_cluster(cluster: Cluster, *, log: Path, lock: int, give_up: Callable[[], bool]) -> None:
    """Makes the cluster and its database if there is none; raises :class:`~packsys.errors.NotReady` when it fails.

    It is made beside its place and renamed, so that a launcher killed in the middle leaves no half of one. The
    programs hold ``lock`` too, so that nobody clears up while one of them still writes.
    """
    if (cluster.data / "PG_VERSION").exists():
        return
    new = cluster.data.with_name("postgres.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    cluster.identity.owns(new)
    for program in _making(cluster, new):
        _finish(replace(program, log=log, files=(lock,)), give_up=give_up)
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


def _making(cluster: Cluster, new: Path) -> Iterator[Program]:
    """Gives the programs that make a cluster, in their order."""
    sync = () if cluster.durable else ("--no-sync",)
    single = ("--single", "-D", str(new), "postgres")
    database = f"create database {DATABASE};\n".encode()
    for name, arguments, text in (("initdb", ("-D", str(new), *INITDB, *sync), b""), ("postgres", single, database)):
        yield Program(
            name=name,
            command=(str(cluster.programs / name), *arguments),
            log=new,
            farewell=signal.SIGKILL,
            identity=cluster.identity,
            text=text,
        )


def _finish(program: Program, *, give_up: Callable[[], bool]) -> None:
    """Runs a program to its end, or ends it when it is no longer wanted."""
    process = spawn(program)
    while process.alive and not give_up():
        time.sleep(PAUSE)
    process.end(grace=0.0)
    if process.handle.returncode:
        raise NotReady(f"PostgreSQL's {program.name} failed. {program.log} says:\n{process.last_words()}")
