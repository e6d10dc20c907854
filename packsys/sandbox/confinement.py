"""What a process gives up before it runs pack code, and in which order: the same for every runtime.

A process that sessions are forked from encloses itself once (:func:`enclose`); each session sets itself apart from the
others (:func:`set_apart`) and locks the door behind itself (:func:`lock`). The two runtimes differ in data alone.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from packsys.sandbox import syscalls, walls
from packsys.sandbox.syscalls import Permit

_SWITCHED_OFF = "it is switched off"


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """Is what differs from one runtime to the other: its system calls, and which limit counts its memory."""

    permit: Permit
    counted: int


PYTHON: Final = Runtime(permit=syscalls.PYTHON, counted=resource.RLIMIT_AS)
V8: Final = Runtime(permit=syscalls.V8, counted=resource.RLIMIT_DATA)  # it reserves a terabyte that it never touches


@dataclass(frozen=True, kw_only=True)
class Layers:
    """Says which walls are built. Only tests leave one out, to show what it holds."""

    user: bool = True
    namespaces: bool = True
    landlock: bool = True
    limits: bool = True
    seccomp: bool = True

    @property
    def complete(self) -> bool:
        """Tells whether none is left out."""
        return self == Layers()


@dataclass(frozen=True, kw_only=True)
class Granted:
    """Says which walls stand: blank for one that does, or else why it does not.

    ``landlock_version`` is the kernel's Landlock ABI, 0 without one: files from 1, TCP from 4, abstract sockets and
    signals from 6.
    """

    namespaces: str = ""
    landlock: str = ""
    seccomp: str = ""
    landlock_version: int = 0

    @property
    def refusal(self) -> str:
        """Says why this is too little for the code of strangers; blank when it is enough."""
        if self.seccomp:
            return f"The kernel filters no system calls here ({self.seccomp})."
        if self.landlock and self.namespaces:
            return f"There are neither namespaces ({self.namespaces}) nor Landlock ({self.landlock}) here."
        return ""


ALL: Final = Layers()


def enclose(runtime: Runtime, layers: Layers = ALL) -> Granted:
    """Walls this process in as far as the kernel can, and says how far: with no thread, before any pack code.

    With namespaces it goes on as process 1 of its own. What every session builds for itself is tried out here.
    """
    if layers.user:
        walls.leave_root()
    namespaces = tried(walls.enter_namespaces) if layers.namespaces else _SWITCHED_OFF
    if layers.user:
        walls.give_up_privileges()
    walls.promise_no_new_privileges()
    landlock = tried(walls.enter_landlock) if layers.landlock else _SWITCHED_OFF
    return Granted(
        namespaces=namespaces,
        landlock=landlock,
        seccomp=_tried_filter(runtime.permit) if layers.seccomp else _SWITCHED_OFF,
        landlock_version=0 if landlock else walls.landlock_version(),
    )


def set_apart(layers: Layers = ALL) -> None:
    """Parts a fork of an enclosed process from it and from its other forks; it must not have threads yet."""
    walls.die_with_parent()
    if layers.landlock:
        tried(walls.enter_landlock)


def lock(runtime: Runtime, *, memory: int, cpu: int, layers: Layers = ALL) -> None:
    """Bounds memory (bytes) and processor time (seconds) and gives up all system calls but the permitted.

    From here on the process is a stranger's. Raises :class:`OSError` where the kernel refuses.
    """
    if layers.limits:
        walls.limit_resources(counted=runtime.counted, memory=memory, cpu=cpu)
    if layers.seccomp:
        walls.filter_system_calls(runtime.permit)


def tried(work: Callable[[], object]) -> str:
    """Builds a wall, and gives a blank; where the kernel refuses, gives the reason."""
    try:
        work()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _tried_filter(permit: Permit) -> str:
    pid = os.fork()
    if pid == 0:
        os._exit(1 if tried(lambda: walls.filter_system_calls(permit)) else 0)
    return "the kernel refuses the filter" if os.waitpid(pid, 0)[1] else ""
