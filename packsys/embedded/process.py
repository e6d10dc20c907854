"""One server process: started with a log of its own, watched, and ended within a bounded time."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packsys.embedded.identity import Identity, guarded

LOG_LIMIT = 10_000_000
# C: no catalogue is needed, and PostgreSQL on macOS starts threads, which it forbids itself, under any other.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, kw_only=True)
class Program:
    """Says how to run a process, and which signal asks it to end; it inherits ``files``, and no other.

    ``text`` is what it reads on its standard input.
    """

    name: str
    command: tuple[str, ...]
    log: Path
    farewell: signal.Signals
    identity: Identity = field(default_factory=Identity)
    environment: Mapping[str, str] = field(default_factory=lambda: ENVIRONMENT)
    files: tuple[int, ...] = ()
    text: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Process:
    """Is a running server; ``log_start`` is where its own lines begin in the log."""

    program: Program
    handle: subprocess.Popen[bytes]
    log_start: int

    @property
    def pid(self) -> int:
        """Gives the process id."""
        return self.handle.pid

    @property
    def alive(self) -> bool:
        """Says whether the process runs."""
        return self.handle.poll() is None

    def say_farewell(self) -> None:
        """Asks the server to end."""
        if self.alive:
            self.handle.send_signal(self.program.farewell)

    def end(self, *, grace: float) -> None:
        """Waits ``grace`` seconds for the end, then forces it."""
        try:
            self.handle.wait(grace)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self.handle.wait()

    def last_words(self, lines: int = 20) -> str:
        """Gives the last lines of this process's part of the log."""
        with self.program.log.open("rb") as log:
            log.seek(self.log_start)
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])


def spawn(program: Program) -> Process:
    """Starts a program in a session of its own, so that a terminal's Ctrl-C reaches the launcher only."""
    with program.log.open("ab") as log, tempfile.TemporaryFile() as text:
        text.write(program.text)
        text.seek(0)
        if log.tell() > LOG_LIMIT:
            log.truncate(0)
        start = os.fstat(log.fileno()).st_size
        handle = subprocess.Popen(
            guarded(program.identity, program.farewell, *program.command),
            stdin=text,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=program.environment,
            pass_fds=program.files,
            start_new_session=True,
        )
    return Process(program=program, handle=handle, log_start=start)
