"""The walls around pack code, each built by a process around itself. None of them can be taken down again.

``ctypes`` is enough: there are a few system calls that Python lacks, and a dependency here would be a dependency of
the wall. In which order they are built, :mod:`packsys.sandbox.confinement` says.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

from packsys.sandbox.syscalls import MACHINES, Permit, seccomp_filter

NOBODY: Final = 65534  # the uid and gid that own nothing, by custom of every distribution

# linux/prctl.h
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
# linux/seccomp.h
_SECCOMP_SET_MODE_FILTER, _FILTER_FLAG_TSYNC = 1, 1
# linux/sched.h: user, network, process, IPC, host name and mount namespaces
_ALL_NAMESPACES = 0x10000000 | 0x40000000 | 0x20000000 | 0x08000000 | 0x04000000 | 0x00020000
# linux/mount.h
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _REC, _PRIVATE = 1, 2, 4, 8, 32, 0x4000, 0x40000
_MNT_DETACH = 2
# linux/landlock.h; the three calls have one number on every machine
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT, _LANDLOCK_VERSION = 444, 446, 1
_CAPABILITY_VERSION_3 = 0x20080522


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
        Path("/proc/self", name).write_text(text, "utf-8")  # the one codec that Python has loaded in any case


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
    _system_call(MACHINES[platform.machine()].pivot_root, b".", b".")
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
    _system_call(MACHINES[platform.machine()].capset, header, none)


def promise_no_new_privileges() -> None:
    """Makes set-uid programs powerless from here on; Landlock and seccomp ask for it."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def landlock_version() -> int:
    """Asks the kernel for its Landlock ABI; raises :class:`OSError` where there is none."""
    return _system_call(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION)


def enter_landlock() -> None:
    """Denies all files, TCP, abstract sockets and signals to others, as far as the kernel can.

    A ruleset without a rule allows nothing of what it handles. Raises :class:`OSError` where there is no Landlock.
    """
    version = landlock_version()
    handled = struct.pack("QQQ", *_handled(version))
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _system_call(_LANDLOCK_CREATE, handled, size, 0)
    try:
        _system_call(_LANDLOCK_RESTRICT, ruleset, 0, 0)
    finally:
        os.close(ruleset)


def _handled(version: int) -> tuple[int, int, int]:
    """Gives all file rights, TCP bind and connect, and both scopes, that a version knows (linux/landlock.h)."""
    rights = {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)
    return (1 << rights) - 1, 3 if version >= 4 else 0, 3 if version >= 6 else 0


def limit_resources(*, counted: int, memory: int, cpu: int) -> None:
    """Bounds this process: ``memory`` bytes of what the limit ``counted`` counts, ``cpu`` seconds, and nothing new."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))  # SIGXCPU says what happened; who ignores it is killed
    for kind, most in (
        (counted, memory),
        (resource.RLIMIT_NOFILE, 8),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def filter_system_calls(permit: Permit) -> None:
    """Lets every thread of this process make only the calls of a permit from here on; raises :class:`OSError`."""
    machine = MACHINES[platform.machine()]
    program = seccomp_filter(machine, permit)
    code = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(code))  # struct sock_fprog
    if _system_call(machine.seccomp, _SECCOMP_SET_MODE_FILTER, _FILTER_FLAG_TSYNC, described) != 0:
        raise OSError(errno.EBUSY, "a thread cannot be put under the filter")


def die_with_parent() -> None:
    """Ends this process when the one that forked it ends, even if that was before this line."""
    parent = os.getppid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def memory_in_use(counted: int) -> int:
    """Measures how many bytes this process has by now of what a limit counts; there must still be a /proc."""
    field = {resource.RLIMIT_AS: 0, resource.RLIMIT_DATA: 5}[counted]  # of statm (man 5 proc)
    return int(Path("/proc/self/statm").read_text("utf-8").split()[field]) * resource.getpagesize()


def _prctl(*arguments: int) -> None:
    padded = [ctypes.c_ulong(each) for each in (*arguments, 0, 0, 0, 0)[:5]]
    _checked(_libc.prctl(*padded))


def _system_call(number: int, *arguments: bytes | int | None) -> int:
    passed = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *passed))


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
