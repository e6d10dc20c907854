"""Runs the whole house on one machine: embedded servers, service, worker, beat and Flower."""

from __future__ import annotations

import http.client
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from packsys.cli.address import FILE, home
from packsys.embedded import EmbeddedServers
from packsys.embedded.process import Process, Program, spawn
from packsys.errors import NotReady, RequestError
from packsys.runtime.keys import issue
from packsys.settings import Settings

PARTS = ("service", "worker", "beat", "flower")
PAUSE = 0.01


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Says what to run and where.

    ``port`` 0 takes a free one, ``slots`` is how many calls run at once, ``patience`` how many seconds the processes
    have to end by themselves; a call that is cut off then is made again at the next start. ``dispatcher`` and
    what follows it are those of the settings.
    """

    directory: Path
    parts: Sequence[str] = PARTS
    host: str = "127.0.0.1"
    port: int = 0
    flower_port: int = 5555
    slots: int = 4
    packs: tuple[str, ...] = Settings.packs
    allowed_networks: tuple[str, ...] = ()
    lease: float = Settings.lease
    grace: float = Settings.grace
    dispatcher: str = Settings.dispatcher
    queue_depth: int = Settings.queue_depth
    calls_at_once: str = Settings.calls_at_once
    metrics_token: str = field(default="", repr=False)
    metrics_address: str = Settings.metrics_address
    durable: bool = True
    patience: float = 10.0


class System:
    """Starts everything at once, says when it is ready, and leaves nothing behind.

    Processes are started while the servers still start: their addresses are known before they answer.
    """

    def __init__(self, plan: Plan) -> None:
        """Takes the plan; nothing is started yet."""
        self.plan = plan
        self.directory = plan.directory.absolute()
        self.servers = EmbeddedServers(self.directory / "servers", durable=plan.durable)
        self.processes: dict[str, Process] = {}
        self.door: socket.socket | None = None

    def __enter__(self) -> System:
        """Starts everything and waits until it answers; whatever stops that half-way stops all of it."""
        try:
            self.start()
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops everything."""
        self.stop()

    def start(self) -> None:
        """Starts servers and processes; returns before they answer."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.servers.start()
        self.door = socket.create_server((self.plan.host, self.plan.port))
        for part in self.plan.parts:
            self.start_part(part)

    def start_part(self, part: str) -> None:
        """Starts one process: service, worker, beat or flower."""
        self.processes[part] = spawn(
            Program(
                name=part,
                command=(sys.executable, *_command(part, self.plan, self.directory, self._door().fileno())),
                log=self.directory / f"{part}.log",
                farewell=signal.SIGTERM,
                environment=self.environ,
                files=(self._door().fileno(),) if part == "service" else (),
            )
        )

    def wait_ready(self, *, seconds: float = 60.0) -> None:
        """Waits until servers and service answer; raises NotReady with the reason."""
        self.servers.wait_ready(seconds)
        deadline = time.monotonic() + seconds
        while "service" in self.plan.parts and not self._answers():
            self._check(deadline)
            time.sleep(PAUSE)

    def watch(self) -> None:
        """Stays until a process ends by itself; raises NotReady then."""
        while True:
            self._check(float("inf"))
            time.sleep(0.2)

    def stop(self) -> None:
        """Ends the processes, then the servers."""
        with _uninterrupted():
            for process in self.processes.values():
                process.say_farewell()
            deadline = time.monotonic() + self.plan.patience
            for process in self.processes.values():
                process.end(grace=max(0.0, deadline - time.monotonic()))
                _end_group(process.pid)
            if self.door:
                self.door.close()
            self.servers.stop()

    @property
    def url(self) -> str:
        """Gives the address of the service."""
        return f"http://{self.plan.host}:{self._door().getsockname()[1]}"

    @property
    def key(self) -> str:
        """Gives the development key: made on the first start, kept in a file that only its owner reads."""
        return _kept(self.directory / "development.key", _new_key())

    @property
    def flower_password(self) -> str:
        """Gives the password of Flower's user ``packsys``, kept like the key."""
        return _kept(self.directory / "flower.password", secrets.token_urlsafe(12))

    @property
    def settings(self) -> Settings:
        """Gives the settings that the processes run with."""
        vault_key = _kept(self.directory / "vault.key", secrets.token_hex(32))
        return Settings(
            database_url=self.servers.database_url,
            state_url=self.servers.state_url,
            cache_url=self.servers.cache_url,
            vault_keys={"development": bytes.fromhex(vault_key)},
            packs=tuple(map(_place, self.plan.packs)),
            allowed_networks=self.plan.allowed_networks,
            public_url=self.url if self.door else Settings.public_url,
            lease=self.plan.lease,
            grace=self.plan.grace,
            dispatcher=self.plan.dispatcher,
            queue_depth=self.plan.queue_depth,
            calls_at_once=self.plan.calls_at_once,
            metrics_token=self.plan.metrics_token,
            metrics_address=self.plan.metrics_address,
        )

    @property
    def environ(self) -> dict[str, str]:
        """Gives the environment of the processes."""
        return {
            **os.environ,
            **self.settings.environ(),
            "PACKSYS_DEVELOPMENT_KEY": self.key,
            "FLOWER_BASIC_AUTH": f"packsys:{self.flower_password}",
        }

    def _door(self) -> socket.socket:
        if self.door is None:
            raise NotReady("The system is not started: call start() first.")
        return self.door

    def _answers(self) -> bool:
        host, port = self._door().getsockname()
        connection = http.client.HTTPConnection(host, port, timeout=10)
        with suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/ready")
            return connection.getresponse().status == http.HTTPStatus.OK
        return False

    def _check(self, deadline: float) -> None:
        for name, process in self.processes.items():
            if not process.alive:
                raise NotReady(f"The {name} has ended by itself. Its last words:\n{process.last_words()}")
        if time.monotonic() > deadline:
            raise NotReady(f"The service does not answer: see {self.directory / 'service.log'}.")


def installation() -> Settings:
    """Finds the installation of $PACKSYS_DATABASE_URL and its companions, else that of ``packsys up``.

    Raises RequestError when there is none.
    """
    if "PACKSYS_DATABASE_URL" in os.environ:
        return Settings.from_environ(os.environ)
    if not (home() / FILE).exists():
        raise RequestError("No installation is known here: start one with 'packsys up', or set PACKSYS_DATABASE_URL.")
    return System(Plan(directory=home())).settings


def _command(part: str, plan: Plan, directory: Path, door: int) -> tuple[str, ...]:
    commands = {
        "service": ("-m", "packsys.cli.main", "serve", "--migrate", "--fd", str(door)),
        "worker": ("-m", "workers", "--slots", str(plan.slots)),
        "beat": ("-m", "celery", "-A", "scheduler.app", "beat", "-s", str(directory / "beat-schedule"), "--pidfile="),
        "flower": (
            "-m",
            "celery",
            "-A",
            "workers.app",
            "flower",
            f"--address={plan.host}",
            f"--port={plan.flower_port}",
        ),
    }
    return commands[part]


def _place(pack: str) -> str:
    # The processes run elsewhere: what is a path here must be one there.
    return str(Path(pack).resolve()) if Path(pack).exists() else pack


def _kept(file: Path, fresh: str) -> str:
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(fresh)
    return file.read_text()


def _new_key() -> str:
    return issue("development", "default", randomness=secrets.token_bytes, now=datetime.now(UTC))[1]


def _end_group(leader: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


class _uninterrupted:
    """Holds Ctrl-C back while everything is being stopped."""

    def __enter__(self) -> None:
        self.held = signal.signal(signal.SIGINT, signal.SIG_IGN)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self.held)
