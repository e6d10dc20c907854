"""Which system calls each runtime may make, and the filter that says so to the kernel.

The numbers are those of ``asm/unistd_64.h`` (x86_64) and ``asm-generic/unistd.h`` (aarch64). What is in no table
fails with EPERM, so that Python code sees an ordinary error: ``open`` and ``socket`` are such calls.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple


class SystemCall(NamedTuple):
    """Is one system call and its number on each machine; None where the machine has no such call."""

    name: str
    x86_64: int | None
    aarch64: int | None


def _calls(*rows: tuple[str, int | None, int | None]) -> tuple[SystemCall, ...]:
    return tuple(SystemCall(*row) for row in rows)


_EVERYBODY: Final = _calls(
    # The conversation with the host, over descriptor 3. No descriptor can be made: nothing opens, dups or receives.
    ("read", 0, 63),
    ("write", 1, 64),
    ("close", 3, 57),
    ("lseek", 8, 62),
    # Memory, up to its limit. mmap and mprotect are looked at once more.
    ("mmap", 9, 222),
    ("mprotect", 10, 226),
    ("munmap", 11, 215),
    ("brk", 12, 214),
    ("mremap", 25, 216),
    ("madvise", 28, 233),
    # Python's own signal handling. None can be sent.
    ("rt_sigaction", 13, 134),
    ("rt_sigprocmask", 14, 135),
    ("rt_sigreturn", 15, 139),
    ("sigaltstack", 131, 132),
    ("restart_syscall", 219, 128),
    # Locks and thread-local data of the threads that there are.
    ("futex", 202, 98),
    ("rseq", 334, 293),
    ("sched_yield", 24, 124),
    # The clock.
    ("clock_gettime", 228, 113),
    ("clock_getres", 229, 114),
    ("clock_nanosleep", 230, 115),
    ("gettimeofday", 96, 169),
    ("getrusage", 98, 165),
    # Randomness.
    ("getrandom", 318, 278),
    # Who am I: the answers are nobody's in an empty place.
    ("getpid", 39, 172),
    ("gettid", 186, 178),
    # The end.
    ("exit", 60, 93),
    ("exit_group", 231, 94),
)

_PYTHON_BESIDES: Final = _calls(
    # Waiting.
    ("fstat", 5, 80),
    ("poll", 7, None),
    ("ppoll", 271, 73),
    ("select", 23, None),
    ("pselect6", 270, 72),
    ("nanosleep", 35, 101),
    ("time", 201, None),
    ("times", 100, 153),
    # What libraries ask about the place where they are: not its name and its kernel (uname), nor its load (sysinfo).
    ("getppid", 110, 173),
    ("getuid", 102, 174),
    ("geteuid", 107, 175),
    ("getgid", 104, 176),
    ("getegid", 108, 177),
    ("getcwd", 79, 17),
)

_V8_BESIDES: Final = _calls(
    # The threads that there are when the filter comes, and the keys by which V8 guards its code.
    ("sched_getaffinity", 204, 123),
    ("membarrier", 324, 283),
    ("pkey_mprotect", 329, 288),
)

DEADLY: Final = _calls(
    # No pack makes these by accident: who makes one is attacking, and its process ends there and then.
    # Another program.
    ("execve", 59, 221),
    ("execveat", 322, 281),
    # Other processes' memory, descriptors and signals.
    ("ptrace", 101, 117),
    ("process_vm_readv", 310, 270),
    ("process_vm_writev", 311, 271),
    ("pidfd_open", 434, 434),
    ("pidfd_getfd", 438, 438),
    ("pidfd_send_signal", 424, 424),
    # Large and young parts of the kernel, where most holes are found.
    ("bpf", 321, 280),
    ("io_uring_setup", 425, 425),
    ("io_uring_enter", 426, 426),
    ("io_uring_register", 427, 427),
    ("userfaultfd", 323, 282),
    ("perf_event_open", 298, 241),
    ("add_key", 248, 217),
    ("request_key", 249, 218),
    ("keyctl", 250, 219),
    # Another view of the machine.
    ("unshare", 272, 97),
    ("setns", 308, 268),
    ("mount", 165, 40),
    ("pivot_root", 155, 41),
    ("chroot", 161, 51),
    ("open_by_handle_at", 304, 265),
    # The machine itself.
    ("init_module", 175, 105),
    ("finit_module", 313, 273),
    ("kexec_load", 246, 104),
    ("kexec_file_load", 320, 294),
    ("reboot", 169, 142),
)


@dataclass(frozen=True, kw_only=True)
class Permit:
    """Is what one runtime may ask of the kernel; ``deadly`` calls end it, all that are not named fail with EPERM.

    Only with ``executable`` may memory be made to run as machine code.
    """

    allowed: tuple[SystemCall, ...]
    deadly: tuple[SystemCall, ...] = DEADLY
    executable: bool = False


PYTHON: Final = Permit(allowed=(*_EVERYBODY, *_PYTHON_BESIDES))
"""What a pack in Python may ask: it has one thread, and no native code but what is loaded already."""

V8: Final = Permit(
    allowed=(*_EVERYBODY, *_V8_BESIDES),
    deadly=(*DEADLY, SystemCall("kill", 62, 129)),  # V8 signals nobody, while Python's library does by accident
    executable=True,  # it compiles what it runs
)
"""What V8 and its threads may ask, once everything is loaded."""

_INSTRUCTION: Final = struct.Struct("HBBI")  # struct sock_filter: code, jump if true, jump if false, operand
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
# Offsets in struct seccomp_data, both machines being little-endian.
_NUMBER, _ARCHITECTURE, _THIRD_ARGUMENT, _FOURTH_ARGUMENT = 0, 4, 32, 40
_X32 = 0x40000000  # the bit of the numbers of the x32 ABI, which would name every call a second time
_PROT_EXEC, _MAP_SHARED, _MAP_GROWSDOWN = 4, 1, 0x100


@dataclass(frozen=True)
class Machine:
    """Is a machine that has a table: how the kernel's audit calls it, and the calls that this module makes."""

    name: str
    audit: int
    capset: int
    pivot_root: int
    seccomp: int

    def number(self, call: SystemCall) -> int | None:
        """Gives the number of a call here."""
        return call.x86_64 if self.name == "x86_64" else call.aarch64


MACHINES: Final = {
    each.name: each
    for each in (
        Machine("x86_64", audit=0xC000003E, capset=126, pivot_root=155, seccomp=317),
        Machine("aarch64", audit=0xC00000B7, capset=91, pivot_root=41, seccomp=277),
    )
}


def seccomp_filter(machine: Machine, permit: Permit) -> bytes:
    """Writes the filter as a classic BPF program: what the kernel runs before each system call."""
    return b"".join(_INSTRUCTION.pack(*each) for each in _program(machine, permit))


def _program(machine: Machine, permit: Permit) -> Iterator[tuple[int, int, int, int]]:
    # A call of the 32-bit ABI has other numbers: it must not be taken for one of ours.
    yield _LOAD, 0, 0, _ARCHITECTURE
    yield _EQUAL, 1, 0, machine.audit
    yield _RETURN, 0, 0, _KILL
    yield _LOAD, 0, 0, _NUMBER
    if machine.name == "x86_64":
        yield _AT_LEAST, 0, 1, _X32
        yield _RETURN, 0, 0, _KILL
    yield from _counted_memory(machine)
    if not permit.executable:
        yield from _never_executable(machine)
    yield from _each(machine, permit.allowed, _ALLOW)
    yield from _each(machine, permit.deadly, _KILL)
    yield _RETURN, 0, 0, _REFUSE | errno.EPERM


def _counted_memory(machine: Machine) -> Iterator[tuple[int, int, int, int]]:
    """Refuses memory that RLIMIT_DATA does not count: what is shared, and what grows as a stack does."""
    (mmap,) = (machine.number(call) for call in _EVERYBODY if call.name == "mmap")
    yield _EQUAL, 0, 4, mmap or 0
    yield _LOAD, 0, 0, _FOURTH_ARGUMENT
    yield _ANY_BIT, 0, 1, _MAP_SHARED | _MAP_GROWSDOWN
    yield _RETURN, 0, 0, _REFUSE | errno.EACCES
    yield _LOAD, 0, 0, _NUMBER


def _never_executable(machine: Machine) -> Iterator[tuple[int, int, int, int]]:
    """Refuses to make memory executable, so that no native code but what is loaded already can run."""
    mmap, mprotect = (machine.number(call) for call in _EVERYBODY if call.name in ("mmap", "mprotect"))
    yield _EQUAL, 1, 0, mmap or 0
    yield _EQUAL, 0, 4, mprotect or 0
    yield _LOAD, 0, 0, _THIRD_ARGUMENT
    yield _ANY_BIT, 0, 1, _PROT_EXEC
    yield _RETURN, 0, 0, _REFUSE | errno.EACCES
    yield _RETURN, 0, 0, _ALLOW


def _each(machine: Machine, calls: Iterable[SystemCall], verdict: int) -> Iterator[tuple[int, int, int, int]]:
    for call in calls:
        number = machine.number(call)
        if number is not None:
            yield _EQUAL, 0, 1, number
            yield _RETURN, 0, 0, verdict
