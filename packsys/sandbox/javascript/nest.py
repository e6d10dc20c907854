"""The process in which V8 is held ready, and the sessions that are forked from it."""

from __future__ import annotations

import array
import contextlib
import itertools
import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time
import weakref
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from packsys.errors import NoSandbox
from packsys.sandbox.confinement import Granted

MB = 2**20
_PATIENCE = 30.0  # seconds for the nest to be there, on a machine that is busy

_PROGRAM = "import sys; sys.path[:0] = sys.argv[2:4]; from packsys.sandbox.javascript.child import main; main()"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Says how much one invocation may use.

    ``heap`` bounds V8's own memory and ``data`` what is allocated beside it, ``seconds`` the processor's time and
    ``frame`` one message to the host, all in bytes or seconds. ``requests`` and ``log_lines`` count.
    """

    heap: int = 128 * MB
    data: int = 256 * MB
    seconds: int = 70
    frame: int = 32 * MB
    requests: int = 1000
    log_lines: int = 1000


class Ended(Exception):
    """The other side of a session is gone."""


class Late(Exception):
    """The time is up."""


class Oversized(Exception):
    """A frame is announced that is larger than it may be."""


class Session:
    """Is one isolate, in one process, from the host's side."""

    def __init__(self, number: int, pipe: socket.socket, *, longest: int) -> None:
        """Takes the number by which the nest knows the process; ``longest`` bounds a frame, in bytes."""
        self.number = number
        self.loaded = False
        self.ended = False
        self._pipe = pipe
        self._longest = longest
        self._ahead = bytearray()

    def send(self, text: str, *, until: float) -> None:
        """Sends a message; raises :class:`Ended` and, at the moment ``until``, :class:`Late`."""
        body = text.encode()
        try:
            self._pipe.settimeout(_left(until))
            self._pipe.sendall(struct.pack(">I", len(body)) + body)
        except TimeoutError:
            raise Late from None
        except OSError as error:
            raise Ended from error

    def receive(self, *, until: float) -> tuple[bytes, bytes]:
        """Gives the kind and the text of the next frame; raises also :class:`Oversized`."""
        (length,) = struct.unpack(">I", self._read(4, until))
        if not 1 <= length <= self._longest:
            raise Oversized
        body = self._read(length, until)
        return body[:1], body[1:]

    def sound(self) -> bool:
        """Tells whether the other side is there and, once it is loaded, has said nothing that nobody asked for."""
        poll = select.poll()
        poll.register(self._pipe, select.POLLIN if self.loaded else 0)  # a hang-up is told in any case
        return not (poll.poll(0) or self._ahead)

    def lives(self, *, until: float) -> bool:
        """Waits for the first word of a session that is not loaded; tells whether there was one, or may yet be.

        A process that was killed at its birth is not seen to hang up before the nest has closed its own end too.
        """
        try:
            self._pipe.settimeout(_left(until))
            return self.loaded or bool(self._pipe.recv(1, socket.MSG_PEEK))
        except (TimeoutError, Late):
            return True
        except OSError:
            return False

    def close(self) -> None:
        """Hangs up."""
        self._pipe.close()

    def _read(self, length: int, until: float) -> bytes:
        while len(self._ahead) < length:
            self._ahead += self._part(length - len(self._ahead), until)
        part = bytes(self._ahead[:length])
        del self._ahead[:length]
        return part

    def _part(self, wanted: int, until: float) -> bytes:
        try:
            self._pipe.settimeout(_left(until))
            part = self._pipe.recv(min(max(wanted, 2**16), MB))
        except TimeoutError:
            raise Late from None
        except OSError as error:
            raise Ended from error
        if not part:
            raise Ended
        return part


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise Late
    return left


class Nest:
    """Starts the jailed process when it is first needed, and again where it is gone: also after a fork."""

    def __init__(self, *, python: str = sys.executable) -> None:
        """Starts nothing yet."""
        self._python = python
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._since = 0
        self._granted = Granted()
        _forget_after_fork(self)

    def report(self) -> Granted:
        """Says which walls stand; raises :class:`~packsys.errors.NoSandbox` where they do not suffice."""
        with self._lock:
            self._started()
            return self._granted

    def spawn(self, scripts: int, limits: Limits) -> Session:
        """Begins a session that loads the scripts of a file; gives it before it has done so."""
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            try:
                number = self._forked(theirs.fileno(), scripts, limits)
            except OSError:
                self._drop()
                number = self._forked(theirs.fileno(), scripts, limits)
        return Session(number, ours, longest=limits.frame)

    def end(self, session: Session) -> int | None:
        """Kills the process of a session, and gives how it ended as ``waitpid`` does; None when that is not known."""
        with self._lock:
            if not self._said_to_end(session, tell=True):
                return None
            try:
                assert self._control is not None
                status = json.loads(self._control.recv(4096))["status"]
                return status if isinstance(status, int) else None
            except (OSError, ValueError, KeyError):
                self._drop()
                return None

    def drop(self, session: Session) -> None:
        """Kills the process of a session, and does not wait until it is gone: its memory takes milliseconds."""
        with self._lock:
            self._said_to_end(session, tell=False)

    def holds(self, session: Session) -> bool:
        """Tells whether the process that a session was forked from still runs: a session ends with it."""
        return self._runs() and session.number > self._since

    def close(self) -> None:
        """Ends the nest and with it every session."""
        with self._lock:
            self._drop()

    def forget(self) -> None:
        """Lets go of what belongs to the parent of a process that was just forked."""
        self._lock = threading.Lock()
        if self._control is not None:
            self._control.close()
        self._process = self._control = None

    def _said_to_end(self, session: Session, *, tell: bool) -> bool:
        if session.ended:
            return False
        session.ended = True
        session.close()
        if self._control is None:
            return False
        try:
            self._control.send(json.dumps({"do": "end", "id": session.number, "tell": tell}).encode())
        except OSError:
            self._drop()
            return False
        return True

    def _forked(self, pipe: int, scripts: int, limits: Limits) -> int:
        control, number = self._started(), next(self._numbers)
        order = {"do": "spawn", "id": number, "heap": limits.heap, "data": limits.data, "seconds": limits.seconds}
        handed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [pipe, scripts]))]
        control.sendmsg([json.dumps(order).encode()], handed)
        return number

    def _runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _started(self) -> socket.socket:
        if not self._runs():
            self._drop()
            self._start()
        assert self._control is not None
        return self._control

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [self._python, "-I", "-S", "-B", "-c", _PROGRAM, str(theirs.fileno()), *_folders()],
                pass_fds=[theirs.fileno()],
                env={"LC_ALL": "C.UTF-8"},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        ours.settimeout(_PATIENCE)
        self._control, self._since = ours, next(self._numbers)
        self._granted = self._greeting(ours)
        if self._granted.refusal:
            self._drop()
            raise NoSandbox(self._granted.refusal)

    def _greeting(self, control: socket.socket) -> Granted:
        with contextlib.suppress(OSError):
            if message := control.recv(4096):
                return Granted(**json.loads(message))
        self._drop()
        raise NoSandbox("The process that holds V8 did not start: try 'python -c \"import py_mini_racer\"'.")

    def _drop(self) -> None:
        process, control = self._process, self._control
        self._process = self._control = None
        if control is not None:
            control.close()
        if process is not None:
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _folders() -> list[str]:
    found = find_spec("py_mini_racer")
    if found is None or found.origin is None:
        raise NoSandbox("Packs in JavaScript need V8: install mini-racer beside packsys.")
    return [str(Path(__file__).parents[3]), str(Path(found.origin).parents[1])]


def _forget_after_fork(nest: Nest) -> None:
    known = weakref.ref(nest)

    def forget() -> None:
        held = known()
        if held is not None:
            held.forget()

    os.register_at_fork(after_in_child=forget)
