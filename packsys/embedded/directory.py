"""The directory that the servers live in: whose it is, what a killed launcher left, where the sockets are."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import signal
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from packsys.errors import NotReady, WrongSetUp

PAUSE = 0.005
FAREWELL = 2.0
DIRECTORY = "directory"  # in a folder of sockets: whose it is


def lock(file: int) -> bool:
    """Takes the advisory lock of an open file; False when another has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sockets_of(directory: Path) -> Path:
    """Names the folder of a directory's sockets: always the same, and short.

    A socket's path may have 107 bytes (sun_path), and a project's folder may well be longer.
    """
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    return Path("/tmp") / f"packsys-{os.geteuid()}-{digest}"


def sweep(place: Path) -> None:
    """Removes what killed launchers left of directories that are gone: nobody will start there and clear up."""
    for sockets in place.glob(f"packsys-{os.geteuid()}-*"):
        with suppress(OSError):
            if not Path((sockets / DIRECTORY).read_text()).exists():
                shutil.rmtree(sockets)


def pids_in(text: str) -> Mapping[str, int]:
    """Reads a note of processes; one that was cut off has none."""
    try:
        return {str(name): int(pid) for name, pid in json.loads(text).items()}
    except ValueError:
        return {}


class Directory:
    """Holds a directory for one launcher at a time.

    Two locks, because a launcher that is killed may leave servers that take a moment to end: ``launcher.lock`` is
    held by the launcher alone, ``servers.lock`` by the servers too, who inherit it.
    """

    def __init__(self, path: Path) -> None:
        """Takes the directory's path; nothing is touched yet."""
        self.path = path.resolve()
        self.sockets = sockets_of(self.path)
        self._launcher = -1
        self.servers = -1
        self._made = False

    def take(self, *, grace: float) -> None:
        """Makes the directory ours, waits ``grace`` seconds for what a killed launcher left, and clears up after it.

        Raises :class:`~packsys.errors.WrongSetUp` when another launcher has it or it cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._launcher = self._open("launcher.lock")
            self.servers = self._open("servers.lock")
        except OSError as error:
            self.release()
            raise WrongSetUp(f"The servers' directory {self.path} cannot be used: {error.strerror}.") from error
        if not lock(self._launcher):
            pid = pids_in(self._read(self._launcher)).get("launcher", "unknown")
            self.release()
            raise WrongSetUp(f"The servers in {self.path} already belong to process {pid}: stop it first.")
        self._note(self._launcher, {"launcher": os.getpid()})
        self._outlive_the_last(grace=grace)
        self._make_sockets()

    def remember(self, pids: Mapping[str, int]) -> None:
        """Notes the servers' processes, for the launcher after a killed one."""
        self._note(self.servers, pids)

    def release(self) -> None:
        """Removes the sockets, waits a moment for the servers' last processes, and gives the directory back."""
        if self._ours():
            if self._made:
                shutil.rmtree(self.sockets, ignore_errors=True)
                self._made = False
            # Opened anew, because our own hold on the lock counts like that of a server.
            os.close(self.servers)
            self.servers = self._open("servers.lock")
            self._wait_for_servers(grace=FAREWELL)
        for file in (self.servers, self._launcher):
            if file >= 0:
                os.close(file)
        self.servers = self._launcher = -1

    def _ours(self) -> bool:
        """Says whether we hold the launcher's lock: to take it twice is allowed."""
        return self._launcher >= 0 and self.servers >= 0 and lock(self._launcher)

    def _outlive_the_last(self, *, grace: float) -> None:
        """Ends the servers of a killed launcher: asks at once, forces after ``grace`` seconds."""
        for farewell in (signal.SIGINT, signal.SIGKILL):
            if self._wait_for_servers(grace=0.0):
                return
            for pid in pids_in(self._read(self.servers)).values():
                with suppress(ProcessLookupError):
                    os.kill(pid, farewell)
            if self._wait_for_servers(grace=grace):
                return
        self.release()
        raise NotReady(f"Servers of a killed launcher still run in {self.path} and do not end: end them first.")

    def _wait_for_servers(self, *, grace: float) -> bool:
        end = time.monotonic() + grace
        while not lock(self.servers):
            if time.monotonic() >= end:
                return False
            time.sleep(PAUSE)
        return True

    def _make_sockets(self) -> None:
        """Makes the folder of the sockets anew; /tmp is everybody's, so that one of another user is refused."""
        if self.sockets.is_symlink() or (self.sockets.exists() and self.sockets.stat().st_uid != os.geteuid()):
            raise WrongSetUp(f"{self.sockets} belongs to another user: remove it, it is in the way of our sockets.")
        shutil.rmtree(self.sockets, ignore_errors=True)
        self.sockets.mkdir(mode=0o700)
        self._made = True
        if stat.S_IMODE(self.sockets.stat().st_mode) & 0o077:
            raise WrongSetUp(f"{self.sockets} cannot be closed to others: /tmp must keep modes.")
        (self.sockets / DIRECTORY).write_text(str(self.path))
        sweep(self.sockets.parent)

    def _open(self, name: str) -> int:
        return os.open(self.path / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @staticmethod
    def _read(file: int) -> str:
        return os.pread(file, 4096, 0).decode(errors="replace")

    @staticmethod
    def _note(file: int, pids: Mapping[str, int]) -> None:
        os.ftruncate(file, 0)
        os.pwrite(file, json.dumps(dict(pids)).encode(), 0)
