"""The walls around pack code, built by a process around itself. None of them can be taken down again.

Everything here runs in the sandbox's own process, before any pack code does. ``ctypes`` is enough: there are three
system calls that Python lacks, and a dependency here would be a dependency of the wall.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packsys.sandbox.syscalls import MACHINES, seccomp_filter

NOBODY: Final = 65534  # the uid and gid that own nothing, by custom of every distribution

# linux/prctl.h
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 24, 38
_SECCOMP_MODE_FILTER = 2
# linux/sched.h: user, network, process, IPC, host name and mount namespaces
_ALL_NAMESPACES = 0x10000000 | 0x40000000 | 0x20000000 | 0x08000000 | 0x04000000 | 0x00020000
# linux/mount.h
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _REC, _PRIVATE = 1, 2, 4, 8, 32, 0x4000, 0x40000
_MNT_DETACH = 2
# linux/landlock.h; the three calls have one number on every machine
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT, _LANDLOCK_VERSION = 444, 446, 1
_CAPABILITY_VERSION_3 = 0x20080522


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


_libc = ctypes.CDLL(None, use_errno=True)


def leave_root() -> None:
    """Becomes nobody where this is root, and gives up every capability and group."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        _prctl(_PR_SET_DUMPABLE, 1)  # else /proc/self/uid_map would be root's


def enter_namespaces() -> None:
    """Leaves the host's network, processes, IPC and files for empty ones; goes on in a child.

    The child is process 1 of the new world, and the process that was here before only waits for it: each dies with
    the other. Raises :class:`OSError` where the kernel refuses; the caller may go on without.
    """
    user, group = os.getuid(), os.getgid()
    _checked(_libc.unshare(_ALL_NAMESPACES))
    mapped = _tried(lambda: _map_ids(user, group))
    _fork_and_wait()  # even when the rest fails: who has left its process namespace can fork but once
    if mapped is not None:
        raise mapped
    _empty_root()


def _map_ids(user: int, group: int) -> None:
    for name, text in (("setgroups", "deny"), ("uid_map", f"{NOBODY} {user} 1"), ("gid_map", f"{NOBODY} {group} 1")):
        Path("/proc/self", name).write_text(text, "ascii")


def _tried(work: Callable[[], object]) -> OSError | None:
    try:
        work()
    except OSError as error:
        return error
    return None


def _fork_and_wait() -> None:
    child = os.fork()
    if child:
        os.closerange(0, 65536)  # the host must see the end of the child, not of the one who waits
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)
    die_with_parent()


def _empty_root() -> None:
    """Replaces all files by an empty directory that nobody can write to."""
    _checked(_libc.mount(b"none", b"/", None, ctypes.c_ulong(_REC | _PRIVATE), None))
    flags = ctypes.c_ulong(_NOSUID | _NODEV | _NOEXEC)
    _checked(_libc.mount(b"tmpfs", b"/tmp", b"tmpfs", flags, b"size=4k,nr_inodes=2,mode=555"))
    os.chdir("/tmp")
    _checked(_libc.syscall(ctypes.c_long(MACHINES[platform.machine()].pivot_root), b".", b"."))
    _checked(_libc.umount2(b".", _MNT_DETACH))
    os.chdir("/")
    read_only = ctypes.c_ulong(_REMOUNT | _RDONLY | _NOSUID | _NODEV | _NOEXEC)
    _checked(_libc.mount(b"none", b"/", None, read_only, None))


def give_up_privileges() -> None:
    """Drops what a namespace or a set-uid program could give, for good, and hides memory from other processes."""
    _prctl(_PR_SET_DUMPABLE, 0)
    for capability in range(64):
        if _tried(lambda number=capability: _prctl(_PR_CAPBSET_DROP, number)) is not None:  # type: ignore[misc]
            break
    header, none = struct.pack("Ii", _CAPABILITY_VERSION_3, 0), bytes(24)
    _checked(_libc.syscall(ctypes.c_long(MACHINES[platform.machine()].capset), header, none))


def promise_no_new_privileges() -> None:
    """Makes set-uid programs powerless from here on; Landlock and seccomp ask for it."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def landlock_version() -> int:
    """Asks the kernel for its Landlock ABI; raises :class:`OSError` where there is none."""
    return _landlock(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION)


def enter_landlock() -> None:
    """Denies all files, TCP, abstract sockets and signals to others, as far as the kernel can.

    A ruleset without a rule allows nothing of what it handles. Raises :class:`OSError` where there is no Landlock.
    """
    version = landlock_version()
    handled = struct.pack("QQQ", *_handled(version))
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _landlock(_LANDLOCK_CREATE, handled, size, 0)
    try:
        _landlock(_LANDLOCK_RESTRICT, ruleset, 0, 0)
    finally:
        os.close(ruleset)


def _handled(version: int) -> tuple[int, int, int]:
    """Gives all file rights, TCP bind and connect, and both scopes, that a version knows (linux/landlock.h)."""
    rights = {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)
    return (1 << rights) - 1, 3 if version >= 4 else 0, 3 if version >= 6 else 0


def limit_resources(*, base: int, memory: int, cpu: int) -> None:
    """Bounds this process: ``memory`` bytes of address space above ``base``, ``cpu`` seconds, and nothing new."""
    for kind, most in (
        (resource.RLIMIT_AS, base + memory),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_NOFILE, 8),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def filter_system_calls() -> None:
    """Lets only the calls of :data:`~packsys.sandbox.syscalls.ALLOWED` through from here on."""
    program = seccomp_filter(MACHINES[platform.machine()])
    code = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(code))  # struct sock_fprog
    holder = ctypes.create_string_buffer(described, len(described))
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(holder))


def die_with_parent() -> None:
    """Ends this process when the one that forked it ends, even if that was before this line."""
    parent = os.getppid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def address_space() -> int:
    """Measures the address space that this process has, in bytes."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()


def _prctl(*arguments: int) -> None:
    padded = [ctypes.c_ulong(each) for each in (*arguments, 0, 0, 0, 0)[:5]]
    _checked(_libc.prctl(*padded))


def _landlock(number: int, *arguments: bytes | int | None) -> int:
    passed = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *passed))


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
