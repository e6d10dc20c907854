"""What the house takes up: memory, open files, threads, connections, keys."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil
import psycopg
from redis import Redis

from benchmarks.execution.trees import tree
from packsys.cli.system import System
from packsys.kvstore.address import connect

MEGABYTE = 2**20


@dataclass(frozen=True)
class Usage:
    """Is what one tree of processes takes up; memory in megabytes. PSS counts shared pages in parts."""

    processes: int
    rss: float
    pss: float
    files: int
    threads: int


@dataclass(frozen=True)
class Keys:
    """Counts the keys of one server, and those of them that do not expire by themselves."""

    all: int
    lasting: int


@dataclass(frozen=True)
class Vitals:
    """Is what the house took up at one moment."""

    parts: Mapping[str, Usage]
    connections: int
    keys: Mapping[str, Keys]


class Doctor:
    """Looks at a running system."""

    def __init__(self, system: System) -> None:
        """Takes the system; connects when it looks."""
        self._system = system
        urls = {"state": system.settings.state_url, "cache": system.settings.cache_url}
        self._servers: dict[str, Redis] = {name: connect(url, timeout=5.0) for name, url in urls.items()}

    def look(self) -> Vitals:
        """Takes all vitals."""
        parts = {name: _usage(process.pid) for name, process in self._system.processes.items()}
        return Vitals(parts=parts, connections=self._connections(), keys=self.keys())

    def keys(self) -> Mapping[str, Keys]:
        """Counts the keys of both servers."""
        return {name: _keys(server) for name, server in self._servers.items()}

    def _connections(self) -> int:
        """Counts the connections to the database, without this one."""
        asked = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        with psycopg.connect(self._system.settings.database_url.replace("+psycopg", "")) as connection:
            row = connection.execute(asked).fetchone()
        return int(row[0]) if row else 0


def _usage(root: int) -> Usage:
    rss = pss = files = threads = processes = 0
    for process in tree(root):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            memory = process.memory_full_info()
            rss, pss = rss + memory.rss, pss + memory.pss
            files, threads = files + process.num_fds(), threads + process.num_threads()
            processes += 1
    return Usage(processes, round(rss / MEGABYTE, 2), round(pss / MEGABYTE, 2), files, threads)


def _keys(server: Redis) -> Keys:
    told: Any = server.info("keyspace")
    return Keys(
        all=sum(each["keys"] for each in told.values()),
        lasting=sum(each["keys"] - each["expires"] for each in told.values()),
    )
