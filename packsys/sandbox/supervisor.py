"""The host's end of the sandbox: starts its zygote, has sessions forked, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import platform
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import packsys
from packsys.errors import NoSandbox
from packsys.sandbox.confinement import Granted, Layers
from packsys.sandbox.limits import Limits
from packsys.sandbox.session import Session
from packsys.sandbox.syscalls import MACHINES

_START = """
import json, sys
sys.path.append(sys.argv[1])
try:
    from packsys.sandbox.zygote import main
    main(int(sys.argv[2]), sys.argv[3])
except Exception as error:
    import os
    os.write(int(sys.argv[2]), json.dumps({"failed": f"{type(error).__name__}: {error}"[:2000]}).encode())
"""
_PATIENCE = 30.0  # seconds for Python to load its modules on a machine that is busy


class Zygote:
    """Is one running zygote process, as the host holds it. Threads may share it: each order is one message."""

    def __init__(self, *, python: str, layers: Layers) -> None:
        """Starts the process and waits until its walls stand; raises :class:`~packsys.errors.NoSandbox`."""
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._numbers = itertools.count(1)
        with theirs:
            self._process = _start(python, theirs.fileno(), layers)
        try:
            self.granted = self._report()
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Tells whether the process runs."""
        return self._process.poll() is None

    def session(self, *, cpu: int, limits: Limits) -> Session:
        """Has a session forked that may use ``cpu`` seconds; raises :class:`OSError` when the zygote is gone."""
        number = next(self._numbers)
        ours, theirs = socket.socketpair()
        reading, writing = os.pipe()
        order = {"fork": number, "memory": limits.memory, "cpu": cpu}
        try:
            socket.send_fds(self._control, [json.dumps(order).encode()], [theirs.fileno(), writing])
        except OSError:
            ours.close()
            os.close(reading)
            raise
        finally:
            theirs.close()
            os.close(writing)
        return Session(ours, reading, kill=lambda: self._kill(number), cpu=cpu, limits=limits)

    def close(self) -> None:
        """Ends the process, and every session with it."""
        self._control.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def forget(self) -> None:
        """Lets go of the process in a fork of the one that started it."""
        self._control.close()
        self._process.returncode = 0  # not a child of this process, so nothing to wait for

    def _kill(self, number: int) -> None:
        with contextlib.suppress(OSError):  # the zygote is gone, and the session with it
            self._control.send(json.dumps({"kill": number}).encode())

    def _report(self) -> Granted:
        self._control.settimeout(_PATIENCE)
        said = self._control.recv(2**16)
        told = json.loads(said) if said else {"failed": "its process ended while it started"}
        if "failed" in told:
            raise NoSandbox(f"The sandbox cannot be started: {told['failed']}.")
        return Granted(**told)


class Supervisor:
    """Keeps one zygote per process: started when first needed, again when it was lost, and anew after a fork."""

    def __init__(self, *, limits: Limits, layers: Layers, python: str) -> None:
        """Starts nothing yet."""
        self._limits = limits
        self._layers = layers
        self._python = python
        self._lock = threading.Lock()
        self._zygote: Zygote | None = None
        after_fork(self.forget)

    def start(self) -> Granted:
        """Starts the zygote where none runs, and says which walls stand.

        Raises :class:`~packsys.errors.NoSandbox` where they are too few for the code of strangers.
        """
        return self._running().granted

    def session(self, *, cpu: int) -> Session:
        """Gives a new session; raises :class:`~packsys.errors.NoSandbox`."""
        for _ in range(2):
            zygote = self._running()
            try:
                return zygote.session(cpu=cpu, limits=self._limits)
            except ConnectionError:  # it was lost between the look and the order
                self._drop(zygote)
            except OSError as error:
                raise NoSandbox(f"No session could be made: {error}.") from error
        raise NoSandbox("The sandbox ends as soon as it is started: look whether the machine has memory left.")

    def close(self) -> None:
        """Ends the zygote and all sessions."""
        with self._lock:
            if self._zygote is not None:
                self._zygote.close()
                self._zygote = None

    def forget(self) -> None:
        """Leaves the zygote to the process that this one was forked from."""
        self._lock = threading.Lock()
        if self._zygote is not None:
            self._zygote.forget()
            self._zygote = None

    def _running(self) -> Zygote:
        with self._lock:
            if self._zygote is not None and not self._zygote.alive:
                self._zygote.close()
                self._zygote = None
            if self._zygote is None:
                self._zygote = self._started()
            return self._zygote

    def _drop(self, lost: Zygote) -> None:
        with self._lock:
            lost.close()
            if self._zygote is lost:
                self._zygote = None

    def _started(self) -> Zygote:
        check_machine()
        zygote = Zygote(python=self._python, layers=self._layers)
        if self._layers.complete and zygote.granted.refusal:
            zygote.close()
            raise NoSandbox(f"{zygote.granted.refusal} Packs of strangers do not run without: see docs/sandbox.md.")
        return zygote


def check_machine(*, system: str = sys.platform, machine: str | None = None) -> None:
    """Refuses a machine that has no walls to offer, with :class:`~packsys.errors.NoSandbox`."""
    kind = machine or platform.machine()
    if system != "linux":
        raise NoSandbox(
            f"Packs of strangers run on Linux only: {system} has no namespaces, no Landlock and no seccomp. "
            "Use a Linux machine or container, or trust the pack and run it in process."
        )
    if kind not in MACHINES:
        raise NoSandbox(f"The sandbox has no table of system calls for {kind}: it knows {' and '.join(MACHINES)}.")


def _start(python: str, descriptor: int, layers: Layers) -> subprocess.Popen[bytes]:
    place = str(Path(packsys.__file__).parents[1])
    return subprocess.Popen(
        # -I: no environment, no user's folder; -S: no site-packages; -B: no bytecode written
        [python, "-I", "-S", "-B", "-X", "utf8", "-c", _START, place, str(descriptor), json.dumps(asdict(layers))],
        pass_fds=[descriptor],
        env=_NOTHING,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a Ctrl-C in the terminal is the worker's to handle
    )


_NOTHING: Mapping[str, str] = {}


def after_fork(forget: Callable[[], None]) -> None:
    """Has a method called in every fork of this process, as long as its object lives.

    A fork that kept the control socket open would keep the zygote alive after the worker that it belongs to.
    """
    method = weakref.WeakMethod(forget)

    def in_child() -> None:
        if (still := method()) is not None:
            still()

    os.register_at_fork(after_in_child=in_child)
