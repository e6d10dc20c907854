"""The walls around V8: what the jailed process gives up, in the order in which it can.

``enter`` runs once in the nest, before any thread and any pack; ``lock`` runs in each of its children, after the
isolate is there and before the pack's code is. All numbers are those of the kernel's headers.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Callable, Mapping

NOBODY = 65534

_LIBC = ctypes.CDLL(None, use_errno=True)
_ARM = platform.machine() == "aarch64"

_NEW_USER, _NEW_NET, _NEW_PID, _NEW_IPC, _NEW_UTS, _NEW_MOUNTS = (
    0x10000000,
    0x40000000,
    0x20000000,
    0x08000000,
    0x04000000,
    0x00020000,
)
_PARENT_DEATH, _DUMPABLE, _DROP_BOUNDING, _NO_NEW_PRIVS = 1, 4, 24, 38

# What V8, its two threads and the pipe to the host need once everything is loaded. No file can be opened, no
# process or thread started, no socket made. Executable memory stays possible, since V8 compiles what it runs.
_ALLOWED = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "getpid": (39, 172),
    "exit": (60, 93),
    "gettimeofday": (96, 169),
    "getrusage": (98, 165),
    "sendto": (44, 206),  # on the pair of sockets with which Python's event loop wakes itself
    "recvfrom": (45, 207),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "futex": (202, 98),
    "sched_getaffinity": (204, 123),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "epoll_wait": (232, None),
    "epoll_pwait": (281, 22),
    "getrandom": (318, 278),
    "membarrier": (324, 283),
    "pkey_mprotect": (329, 288),
    "rseq": (334, 293),
}
# Nobody asks for these by accident.
_DEADLY = {
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "bpf": (321, 280),
    "io_uring_setup": (425, 425),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "pivot_root": (155, 41),
    "keyctl": (250, 219),
    "kill": (62, 129),
    "init_module": (175, 105),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
}
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
_SECCOMP = (317, 277)
_CAPSET = (126, 91)
_PIVOT_ROOT = (155, 41)
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446


class Missing(Exception):
    """The machine lacks a layer without which strangers' code must not run."""


def enter() -> dict[str, str]:
    """Gives up everything that can be given up before V8 makes threads; says for each layer what became of it.

    Must be called without other threads. The caller goes on as process 1 of a namespace where there is one.
    """
    drop_user()
    report = {"user": str(os.getuid()), "namespaces": _tried(_namespaces)}
    _control(_NO_NEW_PRIVS, 1)
    _control(_DUMPABLE, 0)
    _drop_capabilities()
    report["landlock"] = _tried(_landlock)
    return report


def drop_user() -> None:
    """Becomes nobody, where the process is root."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        _control(_DUMPABLE, 1)  # else the maps of the user namespace cannot be written


def die_with_parent() -> None:
    """Makes the kernel kill this process when its parent ends."""
    _control(_PARENT_DEATH, signal.SIGKILL)


def lock(*, data: int, seconds: int) -> None:
    """Limits memory and time, and gives up all system calls but a few, for every thread of the process.

    ``data`` is how many bytes of private memory the process may have, with what it has by now. Raises
    :class:`Missing`.
    """
    for what in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_MEMLOCK, resource.RLIMIT_MSGQUEUE):
        resource.setrlimit(what, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_DATA, (data, data))
    _filter_calls()


def data_in_use() -> int:
    """Reads how many bytes of private memory the process has reserved; there must still be a /proc."""
    with open("/proc/self/statm", encoding="utf-8") as file:
        return int(file.read().split()[5]) * resource.getpagesize()


def _tried(layer: Callable[[], str]) -> str:
    try:
        return layer()
    except OSError as error:
        return f"missing: {error.strerror}"


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _call(number: int, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    given = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return _checked(_LIBC.syscall(ctypes.c_long(number), *given))


def _control(option: int, *arguments: int) -> int:
    given = [*arguments, 0, 0, 0, 0][:4]
    return _checked(_LIBC.prctl(option, *[ctypes.c_ulong(each) for each in given]))


def _namespaces() -> str:
    user, group = os.getuid(), os.getgid()
    _checked(_LIBC.unshare(_NEW_USER | _NEW_NET | _NEW_PID | _NEW_IPC | _NEW_UTS | _NEW_MOUNTS))
    for name, text in (("setgroups", "deny"), ("uid_map", f"{NOBODY} {user} 1"), ("gid_map", f"{NOBODY} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="utf-8") as file:
            file.write(text)
    _become_first()
    _empty_root()
    return "user network process ipc uts mount"


def _become_first() -> None:
    child = os.fork()
    if child:
        # The outer process holds nothing open, waits, and ends with the inner one, which ends with it.
        os.closerange(0, 1024)
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)
    die_with_parent()


def _empty_root() -> None:
    private, read_only = 0x4000 | 0x40000, 1 | 2 | 4 | 8
    _checked(_LIBC.mount(b"none", b"/", None, ctypes.c_ulong(private), None))
    _checked(_LIBC.mount(b"tmpfs", b"/tmp", b"tmpfs", ctypes.c_ulong(2 | 4 | 8), b"size=4k,nr_inodes=2,mode=555"))
    os.chdir("/tmp")
    _call(_PIVOT_ROOT[_ARM], b".", b".")
    _checked(_LIBC.umount2(b".", 2))
    os.chdir("/")
    _checked(_LIBC.mount(b"none", b"/", None, ctypes.c_ulong(32 | read_only), None))


def _drop_capabilities() -> None:
    for capability in range(64):
        if _LIBC.prctl(_DROP_BOUNDING, ctypes.c_ulong(capability), *[ctypes.c_ulong(0)] * 3) != 0:
            break
    _call(_CAPSET[_ARM], struct.pack("Ii", 0x20080522, 0), b"\0" * 24)


def _landlock() -> str:
    """Takes away every file, every TCP port, and signals and abstract sockets to the outside; no rule is added."""
    version = _call(_LANDLOCK_CREATE, None, 0, 1)
    rights = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
    rules = struct.pack("QQQ", rights, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    rule_set = _call(_LANDLOCK_CREATE, rules, size, 0)
    try:
        _call(_LANDLOCK_RESTRICT, rule_set, 0)
    finally:
        os.close(rule_set)
    return f"version {version}"


def _filter_calls() -> None:
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"):
        raise Missing("Packs in JavaScript run on Linux on x86_64 and aarch64 only.")
    program = b"".join(struct.pack("HBBI", *each) for each in _program(_numbers(_ALLOWED), _numbers(_DEADLY)))
    held = ctypes.create_string_buffer(program)
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(held)))
    every_thread = 1
    if _call(_SECCOMP[_ARM], 1, every_thread, header) != 0:
        raise Missing("A thread of V8 could not be put under the filter of system calls.")


def _numbers(table: Mapping[str, tuple[int, int | None]]) -> list[int]:
    return [number for each in table.values() if (number := each[_ARM]) is not None]


def _program(allowed: list[int], deadly: list[int]) -> list[tuple[int, int, int, int]]:
    architecture = 0xC00000B7 if _ARM else 0xC000003E
    start = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    # The 32-bit pointers of x32 share the architecture's number and would slip past the tables.
    other = [] if _ARM else [(_AT_LEAST, 0, 1, 0x40000000), (_RETURN, 0, 0, _KILL)]
    passed = [step for number in allowed for step in ((_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW))]
    killed = [step for number in deadly for step in ((_EQUAL, 0, 1, number), (_RETURN, 0, 0, _KILL))]
    return [*start, *other, *passed, *killed, (_RETURN, 0, 0, _REFUSE)]
