"""Starts, watches and stops the three servers of the embedded default."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from packsys.embedded.directory import Directory, sockets_of
from packsys.embedded.keeper import Keeper, Work
from packsys.embedded.postgres import DATABASE, USER, accepts, make_cluster, plan_cluster, postgres, socket_folder
from packsys.embedded.process import Process, Program, spawn
from packsys.embedded.valkey import Role, answers, valkey
from packsys.errors import NotReady

PAUSE = 0.005
START_LIMIT = 60.0
STILLING = (signal.SIGSTOP, signal.SIGCONT)


@dataclass(frozen=True, kw_only=True)
class Urls:
    """Says where the servers answer, in the form that Celery and SQLAlchemy take."""

    state: str
    cache: str
    database: str

    @classmethod
    def of(cls, sockets: Path) -> Urls:
        """Gives the addresses of the servers whose sockets lie in a folder."""
        return cls(
            state=f"redis+socket://{sockets}/state.sock?virtual_host=0",
            cache=f"redis+socket://{sockets}/cache.sock?virtual_host=0",
            database=f"postgresql+psycopg://{USER}@/{DATABASE}?host={socket_folder(sockets)}",
        )


@dataclass(frozen=True, kw_only=True)
class Server:
    """Is a started server and the question whether it answers yet."""

    process: Process
    answers: Callable[[], bool]

    def ready(self) -> bool:
        """Says whether it answers; raises :class:`~packsys.errors.NotReady` when it has ended."""
        if self.answers():
            return True
        if self.process.alive:
            return False
        raise self.failure("ended while it started")

    def failure(self, what: str) -> NotReady:
        """Tells what went wrong, with the end of the log."""
        program = self.process.program
        return NotReady(f"The embedded {program.name} server {what}. {program.log} says:\n{self.process.last_words()}")


class EmbeddedServers:
    """Runs two Valkeys and one PostgreSQL in a directory, reachable through unix sockets by our own user only.

    The addresses follow from the directory, and are known before anything runs. One thread, the keeper, starts and
    ends every process: Ctrl-C interrupts the caller's thread and never the keeper's, so that no process is forgotten;
    and Linux ends the servers when the keeper ends, whatever became of its launcher.
    """

    def __init__(
        self, directory: Path | str, *, durable: bool = True, namespaces: bool = True, grace: float = 10.0
    ) -> None:
        """Takes the directory of data and logs, and the seconds that a server has to end by itself.

        With ``durable`` off, a power cut may lose the database: for tests. With ``namespaces`` off, a root launcher
        runs PostgreSQL as another user even where a user namespace can be had.
        """
        self.directory = Path(directory).resolve()
        self.urls = Urls.of(sockets_of(self.directory))
        self._durable, self._namespaces, self._grace = durable, namespaces, grace
        self._place = Directory(self.directory)
        self._keeper: Keeper | None = None
        self._stopping = threading.Event()
        self._starting: dict[str, Work] = {}
        self._servers: dict[str, Server] = {}

    @property
    def state_url(self) -> str:
        """Gives the address of the Valkey that loses nothing."""
        return self.urls.state

    @property
    def cache_url(self) -> str:
        """Gives the address of the Valkey that may forget."""
        return self.urls.cache

    @property
    def database_url(self) -> str:
        """Gives the address of the database."""
        return self.urls.database

    @property
    def pids(self) -> Mapping[str, int]:
        """Gives the process of each server that was started: state, cache, postgres."""
        return {name: server.process.pid for name, server in dict(self._servers).items()}

    def __enter__(self) -> Self:
        """Starts the servers and waits until they answer."""
        try:
            return self.start().wait_ready()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops the servers."""
        self.stop()

    def start(self) -> Self:
        """Starts all three at once and does not wait for them.

        Raises :class:`~packsys.errors.WrongSetUp` when another launcher has the directory.
        """
        try:
            self._place.take(grace=self._grace)
            self._stopping.clear()
            self._keeper = Keeper()
            self._begin("state", lambda: self._start_valkey("state"))
            self._begin("cache", lambda: self._start_valkey("cache"))
            self._begin("postgres", self._start_postgres)
        except BaseException:
            self.stop()
            raise
        return self

    def wait_ready(self, timeout: float = START_LIMIT) -> Self:
        """Waits until every server answers.

        Raises :class:`~packsys.errors.NotReady`, with the end of its log, when one ends or needs more than
        ``timeout`` seconds.
        """
        self._wait(tuple(self._starting), end=time.monotonic() + timeout)
        return self

    def stop(self) -> None:
        """Stops every server, by force those that need longer than the grace, and gives the directory back."""
        self._stopping.set()
        if self._keeper is None:
            self._place.release()
            return
        self._keeper.finish(self._end_all)
        self._keeper = None

    def start_state(self) -> None:
        """Starts the *state* server, and waits until it answers."""
        self._begin("state", lambda: self._start_valkey("state"))
        self._wait(("state",), end=time.monotonic() + START_LIMIT)

    def start_postgres(self) -> None:
        """Starts PostgreSQL after it was killed, and waits until it answers."""
        self._begin("postgres", self._start_postgres)
        self._wait(("postgres",), end=time.monotonic() + START_LIMIT)

    def stop_state(self) -> None:
        """Stops the *state* server; its address stays."""
        self._do(lambda: self._end(("state",)))

    def restart_state(self) -> None:
        """Stops the *state* server and starts it again on its data."""
        self.stop_state()
        self.start_state()

    def kill_state(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Sends the *state* server a signal, and waits for its end unless the signal only stills or wakes it."""
        self._kill("state", number)

    def kill_postgres(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Sends PostgreSQL a signal and waits for its end: INT for a fast shutdown, QUIT for an immediate one."""
        self._kill("postgres", number)

    def _kill(self, name: str, number: signal.Signals) -> None:
        process = self._servers[name].process
        process.handle.send_signal(number)
        if number not in STILLING:
            process.end(grace=self._grace)

    def _begin(self, name: str, start: Callable[[], None]) -> None:
        self._starting[name] = self._running_keeper().submit(start)

    def _do(self, work: Callable[[], None]) -> None:
        self._running_keeper().submit(work).wait()

    def _running_keeper(self) -> Keeper:
        if self._keeper is None:
            raise NotReady("The embedded servers are not started: call start() first.")
        return self._keeper

    def _wait(self, names: Iterable[str], *, end: float) -> None:
        """Waits until the named servers answer."""
        waiting = list(names)
        while waiting := [name for name in waiting if not self._ready(name)]:
            if time.monotonic() > end:
                raise self._late(waiting[0])
            time.sleep(PAUSE)

    def _ready(self, name: str) -> bool:
        """Says whether a server answers; raises what kept it from starting."""
        return self._starting[name].ready() and self._servers[name].ready()

    def _late(self, name: str) -> NotReady:
        server = self._servers.get(name)
        return server.failure("does not answer") if server else NotReady(f"The embedded {name} server takes too long.")

    # The keeper's work: each of these runs in its thread, one after the other.

    def _start_valkey(self, role: Role) -> None:
        sockets = self._place.sockets
        path = sockets / f"{role}.sock"
        self._spawn(valkey(role, directory=self.directory, sockets=sockets), lambda: answers(path))

    def _start_postgres(self) -> None:
        cluster = plan_cluster(self.directory, durable=self._durable, namespaces=self._namespaces)
        log, lock = self.directory / "postgres.log", self._place.servers
        make_cluster(cluster, log=log, lock=lock, give_up=self._stopping.is_set)
        program = postgres(cluster, directory=self.directory, sockets=self._place.sockets)
        folder = socket_folder(self._place.sockets)
        self._spawn(program, lambda: cluster.ready and accepts(folder))

    def _spawn(self, program: Program, answers: Callable[[], bool]) -> None:
        if self._stopping.is_set():
            return
        process = spawn(replace(program, files=(self._place.servers,)))
        self._servers[program.name] = Server(process=process, answers=answers)
        self._place.remember(self.pids)

    def _end(self, names: Iterable[str]) -> None:
        processes = [self._servers.pop(name).process for name in names if name in self._servers]
        for process in processes:
            process.say_farewell()
        end = time.monotonic() + self._grace
        for process in processes:
            process.end(grace=max(0.0, end - time.monotonic()))

    def _end_all(self) -> None:
        self._end(tuple(self._servers))
        self._starting.clear()
        self._place.release()
