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
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from packsys.errors import NoSandbox

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
        pipe.setblocking(False)

    def send(self, text: str, *, until: float) -> None:
        """Sends a message; raises :class:`Ended` and, at the moment ``until``, :class:`Late`."""
        body = text.encode()
        rest = memoryview(struct.pack(">I", len(body)) + body)
        while rest:
            try:
                rest = rest[self._pipe.send(rest) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, until)
            except OSError as error:
                raise Ended from error

    def receive(self, *, until: float) -> tuple[bytes, bytes]:
        """Gives the kind and the text of the next frame; raises also :class:`Oversized`."""
        (length,) = struct.unpack(">I", self._read(4, until))
        if not 1 <= length <= self._longest:
            raise Oversized
        body = self._read(length, until)
        return body[:1], body[1:]

    def gone(self) -> bool:
        """Tells whether the other side has hung up."""
        poll = select.poll()
        poll.register(self._pipe, 0)  # a hang-up is told in any case
        return bool(poll.poll(0))

    def close(self) -> None:
        """Hangs up."""
        self._pipe.close()

    def _read(self, length: int, until: float) -> bytes:
        held = bytearray()
        while len(held) < length:
            try:
                piece = self._pipe.recv(min(length - len(held), MB))
            except BlockingIOError:
                self._wait(select.POLLIN, until)
                continue
            except OSError as error:
                raise Ended from error
            if not piece:
                raise Ended
            held += piece
        return bytes(held)

    def _wait(self, event: int, until: float) -> None:
        # poll, since select knows no descriptor above 1023
        poll = select.poll()
        poll.register(self._pipe, event)
        left = until - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise Late


class Nest:
    """Starts the jailed process when it is first needed, and again where it is gone: also after a fork."""

    def __init__(self, *, python: str = sys.executable) -> None:
        """Starts nothing yet."""
        self._python = python
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._report: Mapping[str, str] = {}
        _forget_after_fork(self)

    def report(self) -> Mapping[str, str]:
        """Tells for each layer of the jail what became of it: 'version 7', 'missing: Operation not permitted'."""
        with self._lock:
            self._started()
            return self._report

    def spawn(self, scripts: int, limits: Limits) -> Session:
        """Begins a session that loads the scripts of a file; gives it before it has done so."""
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            number = next(self._numbers)
            order = {"do": "spawn", "id": number, "heap": limits.heap, "data": limits.data, "seconds": limits.seconds}
            try:
                self._order(order, theirs.fileno(), scripts)
            except OSError:
                self._drop()
                self._order(order, theirs.fileno(), scripts)
        return Session(number, ours, longest=limits.frame)

    def end(self, session: Session) -> int | None:
        """Kills the process of a session, and gives how it ended as ``waitpid`` does; None when that is not known."""
        if session.ended:
            return None
        session.ended = True
        session.close()
        with self._lock:
            if self._control is None:
                return None
            try:
                self._control.send(json.dumps({"do": "end", "id": session.number}).encode())
                status = json.loads(self._control.recv(4096))["status"]
                return status if isinstance(status, int) else None
            except (OSError, ValueError, KeyError):
                self._drop()
                return None

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

    def _order(self, order: Mapping[str, Any], *descriptors: int) -> None:
        handed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        self._started().sendmsg([json.dumps(order).encode()], handed)

    def _started(self) -> socket.socket:
        if self._control is None:
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
        self._control = ours
        self._report = self._greeting(ours)

    def _greeting(self, control: socket.socket) -> Mapping[str, str]:
        with contextlib.suppress(OSError):
            if message := control.recv(4096):
                return {str(name): str(what) for name, what in json.loads(message).items()}
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
